//! Named shapes of text, and the sums that tell a number of a kind from any other. Pure; it must not know what is done with what matches.

use serde::{Deserialize, Serialize};

/// The longest match in an answer on its way, in bytes: of a longer one its first so many, or nothing where they are no match. It bounds
/// what is held back of a stream, and keeps a match the same however its text is cut.
pub const LONGEST_MATCH: usize = 4096;

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
    /// Payment cards: Luhn's sum, 13 to 19 digits, not all alike.
    Card,
    /// ISO 13616: modulo 97, and its country's length where it is known here.
    Iban,
    /// Brazil's CPF: two digits modulo 11.
    Cpf,
    /// Spain's DNI and NIE: a letter modulo 23.
    Dni,
}

impl Check {
    pub fn holds(self, text: &str) -> bool {
        match self {
            Check::Card => card(&digits(text)),
            Check::Iban => iban(text),
            Check::Cpf => cpf(&digits(text)),
            Check::Dni => dni(text),
        }
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
    (13..=19).contains(&digits.len()) && sum.is_multiple_of(10) && !all_alike(digits)
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
    let plain: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
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
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let Some((number, letter)) = plain.split_at_checked(8) else { return false };
    let number = number.replace('X', "0").replace('Y', "1").replace('Z', "2");
    let expected = number.parse::<usize>().ok().and_then(|number| "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number % 23));
    letter.chars().next() == expected && expected.is_some() && letter.len() == 1
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
        ];
        good.iter().for_each(|(check, text)| assert!(check.holds(text), "{check:?} {text}"));
        bad.iter().for_each(|(check, text)| assert!(!check.holds(text), "{check:?} {text}"));
    }
}
