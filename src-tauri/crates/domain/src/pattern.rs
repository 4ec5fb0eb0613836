//! Named shapes of text, and the sums that tell a number of a kind from any other. Pure; it must not know what is done with what matches.

use serde::{Deserialize, Serialize};

/// The longest match in an answer on its way, in bytes: of a longer one its first so many, or nothing where they are no match. It bounds
/// what is held back of a stream, and keeps a match the same however its text is cut.
pub const LONGEST_MATCH: usize = 8192;

/// A named regular expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    pub name: String,
    pub regex: String,
    /// What matches counts only if this holds too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
}

/// A check sum over what matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Payment cards: Luhn's sum, and a network's beginning and length.
    Card,
    /// ISO 13616: modulo 97, and its country's length where it is known here.
    Iban,
    /// Brazil's CPF: two digits modulo 11.
    Cpf,
    /// Spain's DNI and NIE: a letter modulo 23.
    Dni,
    /// A key that chance made, and no name in words.
    Key,
    /// An address's password that is one, and no placeholder.
    Login,
}

impl Check {
    pub fn holds(self, text: &str) -> bool {
        match self {
            // Digits around a point are a number.
            Check::Card => !text.contains('.') && card(&digits(text)),
            Check::Iban => iban(text),
            Check::Cpf => cpf(&digits(text)),
            Check::Dni => dni(text),
            Check::Key => key(text),
            Check::Login => login(text),
        }
    }

    /// Whether nothing of the kind stands within a match that is none: the digits around a point are those of one number.
    pub fn rules_out(self, text: &str) -> bool {
        self == Check::Card && text.contains('.')
    }
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|c| c.to_digit(10)).collect()
}

fn all_alike(digits: &[u32]) -> bool {
    digits.windows(2).all(|pair| pair[0] == pair[1])
}

fn card(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let each = digits.iter().rev().enumerate();
    let sum: u32 = each.map(|(place, digit)| if place % 2 == 1 { doubled(*digit) } else { *digit }).sum();
    is_of_a_network(digits) && sum.is_multiple_of(10) && !all_alike(digits)
}

/// ISO/IEC 7812 beginnings of the networks that are met, with the lengths that they issue.
fn is_of_a_network(digits: &[u32]) -> bool {
    let begins = digits.iter().take(4).fold(0, |number, digit| number * 10 + digit);
    match digits.len() {
        14 => matches!(begins, 3000..=3059 | 3600..=3699 | 3800..=3999),
        15 => matches!(begins, 3400..=3499 | 3700..=3799),
        16 => matches!(begins, 2200..=2720 | 3528..=3589 | 4000..=4999 | 5000..=5899 | 6000..=6999),
        17 | 18 => matches!(begins, 3528..=3589 | 6011 | 6200..=6299 | 6440..=6599),
        19 => matches!(begins, 3528..=3589 | 4000..=4999 | 6011 | 6200..=6399 | 6440..=6599 | 6700..=6799),
        _ => false,
    }
}

/// Lengths of the countries with the most accounts; of others only the sum is checked.
const IBAN_LENGTHS: &[(&str, usize)] = &[
    ("AT", 20),
    ("BE", 16),
    ("CH", 21),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("ES", 24),
    ("FI", 18),
    ("FR", 27),
    ("GB", 22),
    ("IE", 22),
    ("IT", 27),
    ("LU", 20),
    ("NL", 18),
    ("NO", 15),
    ("PL", 28),
    ("PT", 25),
    ("SE", 24),
    ("TR", 26),
];

fn iban(text: &str) -> bool {
    let plain: Vec<char> = behind_line_end(text).chars().filter(char::is_ascii_alphanumeric).collect();
    let country: String = plain.iter().take(2).collect();
    let fits = IBAN_LENGTHS.iter().find(|(of, _)| *of == country).is_none_or(|(_, length)| *length == plain.len());
    if !fits || !(15..=34).contains(&plain.len()) {
        return false;
    }
    let turned = plain[4..].iter().chain(&plain[..4]);
    let rest = turned.filter_map(|c| c.to_digit(36)).fold(0u32, |rest, value| {
        let shift = if value > 9 { 100 } else { 10 };
        (rest * shift + value) % 97
    });
    rest == 1
}

fn cpf(digits: &[u32]) -> bool {
    let check = |count: usize| {
        let sum: u32 = digits[..count].iter().zip((2..=count as u32 + 1).rev()).map(|(digit, by)| digit * by).sum();
        (sum * 10 % 11) % 10
    };
    digits.len() == 11 && !all_alike(digits) && check(9) == digits[9] && check(10) == digits[10]
}

fn dni(text: &str) -> bool {
    let plain: String = behind_line_end(text).chars().filter(char::is_ascii_alphanumeric).collect();
    let Some((number, letter)) = plain.split_at_checked(8) else { return false };
    let number = number.replace('X', "0").replace('Y', "1").replace('Z', "2");
    let expected = number.parse::<usize>().ok().and_then(|number| "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23));
    letter.chars().next() == expected && expected.is_some() && letter.len() == 1
}

/// A text that was taken out of JSON text may begin with the line's end before it, as it is spelled there.
fn behind_line_end(text: &str) -> &str {
    text.strip_prefix('\\').map_or(text, |rest| rest.get(1..).unwrap_or_default())
}

fn key(text: &str) -> bool {
    let text = text.find("sk-").map_or(text, |at| &text[at + 3..]);
    let has = |is: fn(&char) -> bool| text.chars().any(|c| is(&c));
    let run = text.split(|c: char| !c.is_ascii_alphanumeric()).map(str::len).max().unwrap_or(0);
    has(char::is_ascii_digit) && (run >= 32 || has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase))
}

fn login(text: &str) -> bool {
    const PLACEHOLDERS: &[&str] =
        &["password", "passwd", "pass", "pwd", "secret", "changeme", "your_password", "yourpassword", "your-password"];
    let password = text.trim_end_matches('@').rsplit(':').next().unwrap_or_default();
    let first = password.chars().next();
    let one_letter = password.chars().all(|c| Some(c) == first);
    let format = ["%s", "%d", "%v"].iter().any(|mark| password.contains(mark));
    !one_letter && !format && !PLACEHOLDERS.contains(&password.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::Check::*;

    #[test]
    fn sums_tell_numbers_of_a_kind_from_any_other() {
        let good = [
            (Card, "4111 1111 1111 1111"),
            (Card, "378282246310005"),
            (Iban, "DE89 3704 0044 0532 0130 00"),
            (Iban, "GB29NWBK60161331926819"),
            (Cpf, "529.982.247-25"),
            (Dni, "12345678Z"),
            (Dni, "X1234567L"),
            (Card, "5555-5555-5555-4444"),
            (Card, "30569309025904"),
            (Card, "6011000990139424"),
            (Iban, "\\nNO93 8601 1117 947"),
            (Key, "sk-aB3dE5fG7hI9jK1lM3nO5p"),
            (Login, "postgres://admin:S3cr3t!pw@"),
        ];
        let bad = [
            (Card, "4111 1111 1111 1112"),
            (Card, "0000000000000000"),
            (Card, "4242"),
            (Iban, "DE89 3704 0044 0532 0130 01"),
            (Iban, "DE89 3704 0044 0532 0130"),
            (Iban, ""),
            (Cpf, "529.982.247-26"),
            (Cpf, "111.111.111-11"),
            (Dni, "12345678A"),
            (Dni, "é"),
            (Card, "0.4111111111111111"),
            (Card, "1700000000000"),
            (Card, "4222222222222"),
            (Key, "sk-estimator-doc-link-v2-fallback"),
            (Login, "postgres://user:password@"),
            (Login, "mysql://%s:%s@"),
            (Login, "mysql://root:xxxx@"),
        ];
        good.iter().for_each(|(check, text)| assert!(check.holds(text), "{check:?} {text}"));
        bad.iter().for_each(|(check, text)| assert!(!check.holds(text), "{check:?} {text}"));
    }
}
