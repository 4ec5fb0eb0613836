//! Patterns that every policy can name: shapes that are certain enough to redact without a look.

use domain::Check;

/// Name, regular expression, what must hold of a match, meaning.
pub const PATTERNS: &[(&str, &str, Option<Check>, &str)] = &[
    (
        "secret_key",
        r"\b(?:sk-(?:ant-|proj-)?[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|AKIA[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{35}|xox[abprs]-[A-Za-z0-9-]{10,})",
        None,
        "Keys of OpenAI, Anthropic, GitHub, AWS, Google and Slack.",
    ),
    (
        "private_key",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]*?-----END (?:[A-Z]+ )*PRIVATE KEY-----",
        None,
        "PEM private keys.",
    ),
    (
        "json_web_token",
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}",
        None,
        "Signed JSON web tokens.",
    ),
    ("email", r"\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b", None, "E-mail addresses."),
    (
        "iban",
        r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b",
        None,
        "What looks like a bank account number.",
    ),
    (
        "account",
        r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
        Some(Check::Iban),
        "Bank account numbers (IBAN).",
    ),
    (
        "card",
        r"\b[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}[ -]?[0-9]{1,7}\b|\b3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}\b",
        Some(Check::Card),
        "Payment card numbers.",
    ),
    ("cpf", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b", Some(Check::Cpf), "Brazilian CPF numbers."),
    ("dni", r"\b(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z]\b", Some(Check::Dni), "Spanish DNI and NIE numbers."),
];
