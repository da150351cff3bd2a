// SPDX-License-Identifier: Apache-2.0
//! Literals as what they are compared with.

use std::net::IpAddr;

use super::operands::Typed;
use crate::filter::{
    ast::Literal,
    error::{Error, shown},
};

fn wrong(literal: &Literal, what: &str, left: &Typed) -> Error {
    let Literal { text, span, .. } = literal;
    Error::new(*span, format!("`{}` is {what}, but `{}` is {}", shown(text), shown(&left.name), left.class.words()))
}

/// A number from `least` to `most`.
pub(super) fn number(literal: &Literal, (least, most): (i128, i128), left: &Typed) -> Result<i128, Error> {
    let number = parsed(&literal.text).ok_or_else(|| wrong(literal, "not a number", left))?;
    if !(least..=most).contains(&number) {
        let (text, name) = (shown(&literal.text), shown(&left.name));
        return Err(Error::new(literal.span, format!("`{text}` can't be: `{name}` is from {least} to {most}")));
    }
    Ok(number)
}

/// Decimal, hexadecimal with `0x`, or with an exponent that leaves it whole.
pub(super) fn parsed(text: &str) -> Option<i128> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let number = if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        i128::from(u64::from_str_radix(hex, 16).ok().filter(|_| !hex.starts_with('+'))?)
    } else {
        let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let fraction = fraction.trim_end_matches('0');
        let exponent = exponent.parse::<i32>().ok()?.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let digits = format!("{whole}{fraction}");
        if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let digits: i128 = digits.parse().ok()?;
        digits.checked_mul(10_i128.checked_pow(u32::try_from(exponent).ok()?)?)?
    };
    Some(if negative { -number } else { number })
}

/// `true` or `false`.
pub(super) fn boolean(literal: &Literal, left: &Typed) -> Result<bool, Error> {
    match &*literal.text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong(literal, "neither `true` nor `false`", left)),
    }
}

/// An address.
pub(super) fn address(literal: &Literal, left: &Typed) -> Result<IpAddr, Error> {
    match literal.text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical()),
        Err(_) => match network(literal, left) {
            Ok(_) => {
                let nets = shown(&left.name).replacen("ip", "net", 1);
                Err(wrong(literal, "a network", left).with_hint(format!("networks are compared with `{nets}`")))
            }
            Err(_) => Err(wrong(literal, "no address", left)),
        },
    }
}

/// A network, or an address, which is one of its own.
pub(super) fn network(literal: &Literal, left: &Typed) -> Result<(IpAddr, u8), Error> {
    let (address, bits) = match literal.text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (&*literal.text, None),
    };
    let bad = || wrong(literal, "no network", left).with_hint("one is written `10.0.0.0/8` or `fd00::/8`");
    let address: IpAddr = address.parse().ok().ok_or_else(bad)?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    match bits {
        None => Ok((address, most)),
        Some(bits) => {
            match bits.parse::<u8>() {
                Ok(bits) if bits <= most => Ok((address, bits)),
                Ok(_) | Err(_) => Err(wrong(literal, "no network", left)
                    .with_hint(format!("behind the slash stands a number up to {most}"))),
            }
        }
    }
}

/// Bytes that are written in hexadecimal.
pub(super) fn hex(literal: &Literal) -> Result<Box<[u8]>, Error> {
    let digit = |byte: u8| {
        let digit = char::from(byte).to_digit(16)?;
        u8::try_from(digit).ok()
    };
    let bytes = literal.text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? << 4) | digit(*low)?),
        _ => None,
    });
    bytes.collect::<Option<_>>().ok_or_else(|| {
        let error = Error::new(literal.span, format!("`{}` is not in hexadecimal", shown(&literal.text)));
        error.with_hint("two digits a byte: `7f454c46`")
    })
}
