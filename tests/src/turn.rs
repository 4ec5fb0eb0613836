//! What a scripted model says in one answer, before it is spelled in a dialect.

use serde_json::Value;

/// One answer.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    pub reasoning: Option<Reasoning>,
    pub text: String,
    pub calls: Vec<Call>,
    /// True: the calls' argument deltas are sent in turns, where the dialect can.
    pub interleaved: bool,
    pub usage: Usage,
    /// Which turn of a script it is; ids are made with it.
    pub number: usize,
    /// Overrides the stop reason that follows from the content.
    pub stop: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Reasoning {
    pub text: String,
    pub signature: String,
    /// An extra block that only the provider can read.
    pub redacted: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: String,
    pub name: String,
    /// JSON text.
    pub arguments: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Everything read, cached included.
    pub input: u64,
    pub cached: u64,
    pub cache_write: u64,
    /// Everything written, reasoning included.
    pub output: u64,
    pub reasoning: u64,
}

impl Default for Usage {
    fn default() -> Usage {
        Usage { input: 120, cached: 0, cache_write: 0, output: 34, reasoning: 0 }
    }
}

impl Turn {
    pub fn text(text: &str) -> Turn {
        Turn { text: text.into(), ..Turn::default() }
    }

    pub fn call(name: &str, arguments: Value) -> Turn {
        Turn::default().and_call(name, arguments)
    }

    /// Adds a call. Its id is made from its place; `numbered` makes ids of different turns differ.
    #[must_use]
    pub fn and_call(mut self, name: &str, arguments: Value) -> Turn {
        let id = format!("call_{}_{}", self.calls.len(), name);
        self.calls.push(Call { id, name: name.into(), arguments: arguments.to_string() });
        self
    }

    #[must_use]
    pub fn numbered(mut self, turn: usize) -> Turn {
        self.number = turn;
        for call in &mut self.calls {
            call.id = format!("{}_{turn}", call.id);
        }
        self
    }

    #[must_use]
    pub fn with_text(mut self, text: &str) -> Turn {
        self.text = text.into();
        self
    }

    #[must_use]
    pub fn interleaved(mut self) -> Turn {
        self.interleaved = true;
        self
    }

    #[must_use]
    pub fn with_usage(mut self, usage: Usage) -> Turn {
        self.usage = usage;
        self
    }

    #[must_use]
    pub fn thinking(mut self, text: &str, signature: &str) -> Turn {
        self.reasoning = Some(Reasoning { text: text.into(), signature: signature.into(), redacted: None });
        self
    }

    #[must_use]
    pub fn redacted(mut self, data: &str) -> Turn {
        if let Some(reasoning) = &mut self.reasoning {
            reasoning.redacted = Some(data.into());
        }
        self
    }
}

/// Splits text into pieces of about `size` bytes, never within a character.
pub fn pieces(text: &str, size: usize) -> Vec<String> {
    let mut out = Vec::new();
    let mut piece = String::new();
    for character in text.chars() {
        piece.push(character);
        if piece.len() >= size {
            out.push(std::mem::take(&mut piece));
        }
    }
    if !piece.is_empty() {
        out.push(piece);
    }
    out
}
