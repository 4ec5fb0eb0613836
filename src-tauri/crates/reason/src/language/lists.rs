//! Lists that classifiers by rules, and `safety_classifiers`, can name: shapes that are certain, and phrases that are evidence.

use super::PATTERNS;
use domain::{Check, Pattern};

pub struct List {
    pub name: &'static str,
    pub doc: &'static str,
    /// Names of shipped patterns whose match is certain.
    pub certain: &'static [&'static str],
    /// Certain too, but not looked for on a stream: nearly every word there could begin one.
    pub whole: &'static [&'static str],
    /// Name and regular expression of phrases.
    pub phrases: &'static [(&'static str, &'static str)],
}

pub const LISTS: &[List] = &[
    List {
        name: "secrets",
        doc: "Keys of known shape, private keys, and passwords in connections' addresses.",
        certain: &["secret_key", "plain_key", "private_key", "json_web_token"],
        whole: &["named_key", "login"],
        phrases: &[],
    },
    List {
        name: "pii",
        doc: "Numbers with a check sum: payment cards, IBANs, CPF, DNI and NIE.",
        certain: &["card", "account", "cpf", "dni"],
        whole: &[],
        phrases: &[],
    },
    List {
        name: "content_policy",
        doc: "Phrases of instructions for serious harm. A short list: a team that needs more runs a classifier over HTTP.",
        certain: &[],
        whole: &[],
        phrases: &[
            (
                "weapons",
                r"(?i)\b(?:build|make|assemble|synthesi[sz]e|how to (?:build|make))\b[^.\n]{0,60}\b(?:pipe bomb|nail bomb|car bomb|explosive device|nerve agent|sarin|ricin|dirty bomb|molotov cocktails?)\b",
            ),
            (
                "self_harm",
                r"(?i)\b(?:you should|best way to|easiest way to|steps to|how to)\b[^.\n]{0,30}\b(?:kill yourself|end your life|commit suicide|hang yourself|overdose on)\b",
            ),
            (
                "malware",
                r"(?i)\b(?:here(?:'s| is)|following)\b[^.\n]{0,40}\b(?:ransomware|keylogger|credential stealer|botnet|rootkit)\b[^.\n]{0,40}\b(?:code|script|source|payload)\b",
            ),
            (
                "child_safety",
                r"(?i)\b(?:sexual(?:ly explicit|i[sz]ed)?|erotic|nude)\b[^.\n]{0,40}\b(?:child|children|minor|minors|underage|toddler|preteen)\b",
            ),
        ],
    },
    List {
        name: "prompt_injection",
        doc: "Phrases by which a text tries to instruct the model that reads it. Evidence, not proof.",
        certain: &[],
        whole: &[],
        phrases: &[
            (
                "ignore_instructions",
                r"(?i)\b(?:ignore|disregard|forget|override)\b[^.\n]{0,20}\b(?:all|any|your|the|previous|prior|above|earlier|preceding)\b[^.\n]{0,30}\b(?:instructions?|prompts?|rules|directions|guidelines|guardrails)\b",
            ),
            (
                "new_instructions",
                r"(?i)(?:\bnew (?:system )?instructions?\s*:|\byour (?:new|real|actual) (?:task|instructions?|goal) (?:is|are)\b|\bfrom now on,? you (?:are|will|must)\b)",
            ),
            (
                "role_markers",
                r"(?im)(?:<\|(?:im_start|system|endoftext)\|>|\[/?INST\]|<<SYS>>|</?(?:system|information|important)>\s*\S|^\s*#{2,}\s*system\b|\bsystem\s*:\s*you (?:are|must)\b)",
            ),
            (
                "secrecy",
                r"(?i)\b(?:do not|don't|without)\b[^.\n]{0,20}\b(?:tell|telling|inform|informing|mention|mentioning|reveal|alert)\b[^.\n]{0,30}\b(?:user|human|owner|anyone|this)\b",
            ),
            (
                "exfiltration",
                r"(?i)\b(?:send|post|upload|forward|exfiltrate|email)\b[^.\n]{0,60}\b(?:api keys?|passwords?|credentials?|secrets?|tokens?|private keys?|environment variables|\.env|conversation|chat history)\b[^.\n]{0,60}(?:\bto\b|https?://)",
            ),
            (
                "jailbreak",
                r"(?i)\b(?:you are (?:now )?(?:DAN|in developer mode|unrestricted)|developer mode (?:enabled|on)|jailbreak|do anything now|pretend (?:that )?you have no (?:rules|restrictions))\b",
            ),
        ],
    },
];

pub fn list(name: &str) -> Option<&'static List> {
    LISTS.iter().find(|list| list.name == name)
}

impl List {
    pub fn certain(&self) -> Vec<Pattern> {
        self.certain.iter().chain(self.whole).filter_map(|name| shipped(name)).collect()
    }

    pub fn phrases(&self) -> Vec<Pattern> {
        let pattern =
            |(name, regex): &(&str, &str)| Pattern { name: (*name).into(), regex: (*regex).into(), check: None };
        self.phrases.iter().map(pattern).collect()
    }
}

/// A pattern that every file can name.
pub(crate) fn shipped(name: &str) -> Option<Pattern> {
    let (name, regex, check, _) = PATTERNS.iter().find(|(known, ..)| *known == name)?;
    Some(Pattern { name: (*name).into(), regex: (*regex).into(), check: *check })
}

/// What a check sum is called in the reference.
pub(crate) fn told(check: Option<Check>) -> &'static str {
    match check {
        None => "",
        Some(Check::Card) => " Luhn's sum and a network's beginning and length must hold.",
        Some(Check::Iban) => " The sum modulo 97 and the country's length must hold.",
        Some(Check::Cpf | Check::Dni) => " Its check digits must hold.",
        Some(Check::Key) => " Names of letters and hyphens are none.",
        Some(Check::Login) => " Passwords that only stand for one (`password`, `%s`) are none.",
    }
}
