//! Failures: which class an error of the client belongs to, and what a person reads. Names the host, never a path or query:
//! those can carry credentials.

use crate::connect::{TooSlow, is_loopback};
use domain::{FailureClass, UpstreamFailure};
use http::Uri;
use std::{error::Error, io, time::Duration};

/// Scheme, host and port of where a request goes: all of it that a message may say.
pub(crate) fn target(uri: &Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or("http"), uri.authority().map_or("", |authority| authority.as_str()))
}

pub(crate) fn unsendable(why: &str) -> UpstreamFailure {
    UpstreamFailure { class: FailureClass::Request, message: why.to_owned(), retryable: false }
}

pub(crate) fn idle(target: &str, limit: Duration) -> UpstreamFailure {
    let message = format!(
        "{target} sent nothing for {} s; a longer silence can be allowed with idle_timeout",
        limit.as_secs_f32()
    );
    UpstreamFailure { class: FailureClass::Idle, message, retryable: true }
}

/// No response came; `connecting` says that there was no connection yet.
pub(crate) fn of_request(error: &(dyn Error + 'static), connecting: bool, target: &str) -> UpstreamFailure {
    if connecting {
        return of_connection(error, target);
    }
    let class = class_of(error);
    let message = match class {
        FailureClass::Cut => format!("{target} closed the connection before it answered"),
        FailureClass::Protocol => format!("{target} answered with something that is not HTTP ({})", root_of(error)),
        FailureClass::Request => format!("the request to {target} cannot be sent ({})", root_of(error)),
        _ => format!("the request to {target} failed ({})", root_of(error)),
    };
    UpstreamFailure { retryable: class == FailureClass::Cut, class, message }
}

/// The response broke off.
pub(crate) fn of_body(error: &(dyn Error + 'static), target: &str) -> UpstreamFailure {
    let class = class_of(error);
    let message = match class {
        FailureClass::Protocol => {
            format!("{target} broke HTTP's rules in the middle of its answer ({})", root_of(error))
        }
        _ => format!("{target} cut its answer off in the middle ({})", root_of(error)),
    };
    UpstreamFailure { class, message, retryable: true }
}

fn of_connection(error: &(dyn Error + 'static), target: &str) -> UpstreamFailure {
    if causes(error).any(|cause| as_tls(cause).is_some()) {
        let message = format!("no secure connection to {target} ({})", root_of(error));
        return UpstreamFailure { class: FailureClass::Tls, message, retryable: false };
    }
    let refused = causes(error)
        .any(|cause| cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::ConnectionRefused));
    let local = target.split("://").nth(1).and_then(|host| host.parse::<http::uri::Authority>().ok());
    let message = if refused && local.is_some_and(|authority| is_loopback(authority.host())) {
        format!("nothing listens at {target}; is the server started, and on this port?")
    } else if causes(error).any(|cause| cause.is::<TooSlow>()) {
        format!("{target} could not be reached ({})", root_of(error))
    } else {
        format!(
            "{target} could not be reached ({}); check the provider's base_url, the network and HTTPS_PROXY",
            root_of(error)
        )
    };
    UpstreamFailure { class: FailureClass::Connect, message, retryable: true }
}

fn class_of(error: &(dyn Error + 'static)) -> FailureClass {
    for cause in causes(error) {
        if as_tls(cause).is_some() {
            return FailureClass::Tls;
        }
        if let Some(http) = cause.downcast_ref::<hyper::Error>() {
            if http.is_parse() {
                return FailureClass::Protocol;
            }
            if http.is_user() && !http.is_canceled() {
                return FailureClass::Request;
            }
        }
    }
    FailureClass::Cut
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn next<'a>(error: &&'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        let error: &'a (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            // An io::Error's source skips the error that it wraps.
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    std::iter::successors(Some(error), next)
}

fn as_tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref::<rustls::Error>()
}

/// The innermost cause, in its own words.
fn root_of(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
