// SPDX-License-Identifier: Apache-2.0
//! What a comparison with literals wants, made ready.

use std::{net::IpAddr, ops::RangeInclusive};

use super::{
    Checker, literal,
    operands::Typed,
    types::{ANY_NUMBER, Class},
};
use crate::filter::{
    ast::{Literal, Modifier, Op},
    condition::Wanted,
    error::{Error, shown},
    net::Networks,
    text::{Globs, Patterns, Regexes},
};

/// The longest path that there is, without its NUL: <https://github.com/torvalds/linux/blob/v6.12/include/uapi/linux/limits.h#L13>
const PATH_MAX: usize = 4095;

/// Each of the literals by itself, of which one or all must be so.
pub(super) fn each(
    modifier: Modifier,
    op: Op,
    left: &Typed,
    items: &[Literal],
    checker: &mut Checker<'_>,
) -> Result<Wanted, Error> {
    // In none of them is as good as not in each.
    if let (Modifier::Allof, Op::Ne, Class::Address | Class::Network | Class::Host) = (modifier, op, left.class) {
        return networks(left, items, checker).map(Wanted::NotNetworks);
    }
    let each = items.iter().map(|item| any(op, left, std::slice::from_ref(item), checker));
    Ok(Wanted::Several(modifier, each.collect::<Result<_, _>>()?))
}

/// Any of the literals, of which there is one at least.
pub(super) fn any(op: Op, left: &Typed, items: &[Literal], checker: &mut Checker<'_>) -> Result<Wanted, Error> {
    if let (Op::Ne, [_, _, ..]) = (op, items) {
        let each = items.iter().map(|item| any(op, left, std::slice::from_ref(item), checker));
        return Ok(Wanted::Several(Modifier::Anyof, each.collect::<Result<_, _>>()?));
    }
    match left.class {
        Class::Text | Class::Bytes => texts(op, items),
        Class::Number(least, most) => numbers(op, (least, most), left, items),
        Class::Port => numbers(op, (0, u16::MAX.into()), left, items),
        Class::Bool => booleans(op, left, items),
        Class::Address | Class::Network | Class::Host => {
            let networks = networks(left, items, checker)?;
            Ok(if op == Op::Ne { Wanted::NotNetworks(networks) } else { Wanted::Networks(networks) })
        }
        Class::Argument { number, text, bytes } => {
            let as_text = text && Class::Text.fits(op) || bytes && Class::Bytes.fits(op);
            let Class::Number(least, most) = ANY_NUMBER else { return texts(op, items) };
            let as_number = (number && ANY_NUMBER.fits(op)).then(|| numbers(op, (least, most), left, items));
            match (as_number, as_text) {
                (Some(Ok(number)), true) => Ok(Wanted::Several(Modifier::Anyof, [number, texts(op, items)?].into())),
                (None | Some(Err(_)), true) => texts(op, items),
                (Some(Err(error)), false) if left.name.starts_with("evt.rawarg") => {
                    let symbols = shown(&left.name).replacen("rawarg", "arg", 1);
                    Err(error.with_hint(format!("`{symbols}` has the symbols")))
                }
                (Some(number), false) => number,
                // The operator fits, so that it is one or the other.
                (None, false) => texts(op, items),
            }
        }
    }
}

fn numbers(op: Op, (least, most): (i128, i128), left: &Typed, items: &[Literal]) -> Result<Wanted, Error> {
    let number = |item| literal::number(item, (least, most), left);
    let range: fn(i128) -> RangeInclusive<i128> = match op {
        Op::Lt => |number| i128::MIN..=number - 1,
        Op::Le => |number| i128::MIN..=number,
        Op::Gt => |number| number + 1..=i128::MAX,
        Op::Ge => |number| number..=i128::MAX,
        Op::Exists
        | Op::Eq
        | Op::Ne
        | Op::Contains
        | Op::Icontains
        | Op::Bcontains
        | Op::Startswith
        | Op::Bstartswith
        | Op::Endswith
        | Op::Glob
        | Op::Iglob
        | Op::Regex
        | Op::In
        | Op::Intersects
        | Op::Pmatch => |number| number..=number,
    };
    match items {
        [one] if op == Op::Ne => Ok(Wanted::NotNumber(number(one)?)),
        [one] => Ok(Wanted::Range(range(number(one)?))),
        _ => Ok(Wanted::Numbers(items.iter().map(number).collect::<Result<_, _>>()?)),
    }
}

fn booleans(op: Op, left: &Typed, items: &[Literal]) -> Result<Wanted, Error> {
    let mut wanted = [false; 2];
    for item in items {
        wanted[usize::from(literal::boolean(item, left)? != (op == Op::Ne))] = true;
    }
    Ok(match wanted {
        [true, true] => Wanted::Exists,
        [_, yes] => Wanted::Bool(yes),
    })
}

fn networks(left: &Typed, items: &[Literal], checker: &mut Checker<'_>) -> Result<Networks, Error> {
    let mut all: Vec<(IpAddr, u8)> = Vec::with_capacity(items.len());
    let whole = |address: IpAddr| (address, if address.is_ipv4() { 32 } else { 128 });
    for item in items {
        match left.class {
            Class::Network => all.push(literal::network(item, left)?),
            Class::Host => match item.text.parse::<IpAddr>() {
                Ok(address) => all.push(whole(address.to_canonical())),
                Err(_) => match (checker.resolver)(&item.text) {
                    Ok(addresses) => all.extend(addresses.into_iter().map(|address| whole(address.to_canonical()))),
                    Err(why) => {
                        checker.note(
                            item.span,
                            format!("`{}` has no address now, and matches none: {why}", shown(&item.text)),
                        );
                    }
                },
            },
            Class::Address
            | Class::Text
            | Class::Bytes
            | Class::Number(..)
            | Class::Port
            | Class::Bool
            | Class::Argument { .. } => all.push(whole(literal::address(item, left)?)),
        }
    }
    Ok(all.into_iter().collect())
}

fn texts(op: Op, items: &[Literal]) -> Result<Wanted, Error> {
    let bytes = || items.iter().map(|item| item.text.as_bytes());
    let owned = || bytes().map(Box::<[u8]>::from);
    Ok(match op {
        Op::Eq | Op::In | Op::Intersects => Wanted::Texts(owned().collect()),
        Op::Ne => Wanted::NotText(owned().next().unwrap_or_default()),
        Op::Startswith => Wanted::StartsWith(owned().collect()),
        Op::Endswith => Wanted::EndsWith(owned().collect()),
        Op::Contains => Wanted::Contains(Patterns::new(bytes(), false)),
        Op::Icontains => Wanted::Contains(Patterns::new(bytes(), true)),
        Op::Glob => Wanted::Glob(Globs::new(bytes(), false)),
        Op::Iglob => Wanted::Glob(Globs::new(bytes(), true)),
        Op::Bcontains => {
            Wanted::Contains(Patterns::new(items.iter().map(literal::hex).collect::<Result<Vec<_>, _>>()?, false))
        }
        Op::Bstartswith => Wanted::StartsWith(items.iter().map(literal::hex).collect::<Result<_, _>>()?),
        Op::Regex => match Regexes::new(items.iter().map(|item| &*item.text)) {
            Ok(regexes) => Wanted::Regex(regexes),
            Err((at, why)) => {
                let span = items.get(at).map(|item| item.span).unwrap_or_default();
                return Err(Error::new(span, format!("not a regular expression: {why}")));
            }
        },
        Op::Pmatch => match items.iter().find(|item| item.text.len() > PATH_MAX) {
            None => Wanted::Path(owned().collect()),
            Some(long) => return Err(Error::new(long.span, format!("no path is longer than {PATH_MAX} bytes"))),
        },
        // These have no literal, or want numbers.
        Op::Exists | Op::Lt | Op::Le | Op::Gt | Op::Ge => Wanted::Exists,
    })
}
