//! Whom an exchange asked: the provider and model of the attempt under way, until it is known what that came to.

use crate::exchange::Exchange;
use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct Asked {
    under_way: Mutex<Option<Destination>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Destination {
    pub provider: String,
    pub model: String,
    /// Microseconds since the request when it went out.
    pub sent_at: u32,
}

impl Destination {
    /// As breakers name a model: by its provider too.
    pub fn model_key(&self) -> String {
        format!("{}/{}", self.provider, self.model)
    }
}

impl Asked {
    pub fn begin(&self, destination: Destination) {
        *self.under_way.lock() = Some(destination);
    }

    /// Once: an attempt's end is told by whoever sees it first.
    pub fn end(&self) -> Option<Destination> {
        self.under_way.lock().take()
    }
}

impl Exchange {
    /// Where it goes as things stand: as it was asked last, else as it will be.
    pub fn bound_for(&self) -> Destination {
        if let Some(under_way) = self.asked.under_way.lock().clone() {
            return under_way;
        }
        let model = self.due().model;
        let provider = model.as_ref().and_then(|model| model.provider.clone());
        Destination {
            provider: provider.unwrap_or_else(|| self.provider.name.clone()),
            model: model.map_or_else(|| self.request.model.clone(), |model| model.model),
            sent_at: 0,
        }
    }
}
