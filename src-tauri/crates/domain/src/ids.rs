//! Identifiers: 63 bits, time-ordered, so that SQLite keeps them as rowids; as text a prefix and 13 base-32 digits.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{fmt, str::FromStr};

const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32, lower case

/// Text that is no identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("“{text}” is no {kind} id: expected {prefix}_ and 13 letters or digits")]
pub struct BadId {
    pub text: String,
    pub kind: &'static str,
    pub prefix: &'static str,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($prefix, "_"))?;
                for place in (0..13).rev() {
                    let digit = DIGITS[((self.0 as u64 >> (place * 5)) & 31) as usize];
                    fmt::Write::write_char(f, digit as char)?;
                }
                Ok(())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                let bad = || BadId { text: text.to_owned(), kind: $kind, prefix: $prefix };
                let digits = text.strip_prefix(concat!($prefix, "_")).ok_or_else(bad)?;
                if digits.len() != 13 {
                    return Err(bad());
                }
                let mut value = 0u64;
                for byte in digits.bytes() {
                    let digit = DIGITS.iter().position(|d| *d == byte.to_ascii_lowercase()).ok_or_else(bad)?;
                    value = value.wrapping_shl(5) | digit as u64;
                }
                i64::try_from(value).map($name).map_err(|_| bad())
            }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(de::Error::custom)
            }
        }
    };
}

id!(/** One agent's conversation. */ SessionId, "session", "ses");
id!(/** From one user message to the answer that ends it. */ RunId, "run", "run");
id!(/** One request and response with a model API or an MCP server. */ ExchangeId, "exchange", "exc");
id!(/** An action carried out, by a rule or by a person. */ InterventionId, "intervention", "int");
id!(/** An intervention that waits for a person. */ EscalationId, "escalation", "esc");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_from_its_text() {
        for value in [0, 1, 42, i64::MAX] {
            let id = SessionId(value);
            assert_eq!(id.to_string().parse::<SessionId>(), Ok(id));
        }
        assert!("exc_0000000000000".parse::<SessionId>().is_err());
        assert!("ses_zzzzzzzzzzzzz".parse::<SessionId>().is_err());
    }
}
