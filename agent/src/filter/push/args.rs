// SPDX-License-Identifier: Apache-2.0
//! Comparisons of arguments.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named is left to userspace")]

use agent_common::{
    predicate::Op,
    schema::{Abi, Arg, Hook, Kind},
};

use super::{Facts, approx::Approx, formula::Formula, numbers::Place};
use crate::{
    decode::symbols::{self, Symbol},
    fields::{args, reference},
    filter::condition::{Test, Wanted},
};

/// The low half of a register whose upper half is set too: an `int` below 0.
const HIGH: u64 = 0xffff_ffff_0000_0000;
/// The bits of a mode that the kernel looks at.
const MODE: u64 = 0xffff;
/// The largest signal.
const SIGNALS: i128 = 64;

/// What an argument of a field names.
pub(super) enum Named {
    /// An argument of the call.
    Arg(Arg),
    /// The result.
    Result,
}

impl Facts<'_> {
    /// What `evt.arg.name` is for this syscall.
    fn named(&self, arg: Option<&reference::Arg>) -> Option<Named> {
        let Some(syscall) = self.row.syscall else {
            let at = match arg? {
                reference::Arg::Index(at) => u8::try_from(*at).ok()?,
                reference::Arg::Key(name) => name.strip_prefix("arg")?.parse().ok()?,
            };
            return (at < 6).then_some(Named::Arg(Arg { name: "", at, kind: Kind::Hex }));
        };
        match arg? {
            reference::Arg::Index(place) => syscall.args.get(*place as usize).copied().map(Named::Arg),
            reference::Arg::Key(name) => match syscall.args.iter().find(|arg| arg.name == &**name) {
                Some(arg) => Some(Named::Arg(*arg)),
                None => args::is_result(syscall, name).then_some(Named::Result),
            },
        }
    }

    /// The register of the argument `name`.
    pub(super) fn register(&self, name: &str) -> Option<u8> {
        self.row.syscall?.args.iter().find(|arg| arg.name == name).map(|arg| arg.at)
    }

    /// `evt.rawarg.*`
    pub(super) fn raw_arg(&mut self, arg: Option<&reference::Arg>, test: &Test) -> Option<Approx> {
        match self.named(arg)? {
            Named::Result => Place::RET.compare(&test.wanted, self.sets),
            Named::Arg(arg) => match arg.kind {
                Kind::Path | Kind::Str => self.whole_text(arg, &test.wanted),
                Kind::Flags(_) | Kind::Enum(_) => self.symbolic_number(arg.at, &test.wanted),
                Kind::Signal => self.signal_number(arg.at, &test.wanted),
                Kind::Mode => mode(arg.at, &test.wanted),
                kind => number(kind, arg.at, self.row.abi)?.compare(&test.wanted, self.sets),
            },
        }
    }

    /// `evt.arg.*`
    pub(super) fn arg(&mut self, arg: Option<&reference::Arg>, test: &Test) -> Option<Approx> {
        let arg = match self.named(arg)? {
            Named::Result => return self.result_text(test),
            Named::Arg(arg) => arg,
        };
        let abi = self.row.abi;
        match arg.kind {
            Kind::Path | Kind::Str => self.whole_text(arg, &test.wanted),
            Kind::Flags(set) | Kind::Enum(set) => {
                let form = symbols::symbols(set, self.row.abi)?;
                self.symbols(arg, &form, &test.wanted)
            }
            Kind::Signal => {
                let names = |literal: &[u8]| (1..=SIGNALS).filter(|n| shows(abi, arg, *n, literal)).collect();
                self.written(arg, Place::int(arg.at), &test.wanted, &names)
            }
            kind => {
                let place = number(kind, arg.at, self.row.abi)?;
                let at_cwd = i128::from(crate::decode::value::AT_FDCWD);
                self.written(arg, place, &test.wanted, &|_| vec![at_cwd])
            }
        }
    }

    /// A text that is read when the call returns.
    fn whole_text(&mut self, arg: Arg, wanted: &Wanted) -> Option<Approx> {
        if self.row.syscall?.hook != Hook::Exit {
            return None;
        }
        self.text_arg(arg.at, wanted)
    }

    /// A number that is compared as text: `more` are the numbers that a text might be the name of.
    fn written(
        &mut self,
        arg: Arg,
        place: Place,
        wanted: &Wanted,
        more: &dyn Fn(&[u8]) -> Vec<i128>,
    ) -> Option<Approx> {
        let abi = self.row.abi;
        let numbers = |literal: &[u8]| {
            let text = std::str::from_utf8(literal).unwrap_or_default();
            let hex = text.strip_prefix("0x").and_then(|digits| i128::from_str_radix(digits, 16).ok());
            let mut numbers = more(literal);
            numbers.extend(text.parse::<i128>().ok().into_iter().chain(hex));
            numbers.retain(|number| shows(abi, arg, *number, literal));
            numbers
        };
        let numbers: Vec<i128> = literals(wanted)?.into_iter().flat_map(numbers).collect();
        let formula = place.any_of(numbers, self.sets)?;
        Some(Approx::exact(if matches!(wanted, Wanted::NotText(_)) { formula.negated() } else { formula }))
    }

    /// Symbols as text: one of several names, or flags.
    fn symbols(&mut self, arg: Arg, form: &symbols::Symbols, wanted: &Wanted) -> Option<Approx> {
        let abi = self.row.abi;
        if form.joined {
            return flags(arg.at, form, wanted);
        }
        let place = if form.bits == u64::MAX { Place::ulong(arg.at) } else { Place::uint(arg.at) };
        let names =
            || form.symbols.iter().filter_map(|symbol| symbol.value.map(|value| (symbol.name, i128::from(value))));
        let mask = |number: i128| i128::from(number as u64 & form.bits);
        if let Some(literals) = literals(wanted) {
            let numbers = literals.into_iter().flat_map(|literal| {
                let number =
                    std::str::from_utf8(literal).ok().and_then(|text| text.parse::<i64>().ok()).map(i128::from);
                names()
                    .map(|(_, value)| value)
                    .chain(number)
                    .filter(|n| shows(abi, arg, *n, literal))
                    .map(mask)
                    .collect::<Vec<_>>()
            });
            let numbers: Vec<i128> = numbers.collect();
            let formula = place.any_of(numbers, self.sets)?;
            return Some(Approx::exact(if matches!(wanted, Wanted::NotText(_)) { formula.negated() } else { formula }));
        }
        // What has a letter is no part of a number.
        let parts = parts(wanted)?;
        if !parts.iter().all(|part| part.iter().any(u8::is_ascii_alphabetic)) {
            return None;
        }
        let text = |name: &str| if is_folded(wanted) { name.to_ascii_lowercase() } else { name.to_owned() };
        let meant = |name: &str| {
            let name = text(name);
            parts.iter().any(|part| match wanted {
                Wanted::StartsWith(_) => name.as_bytes().starts_with(part),
                Wanted::EndsWith(_) => name.as_bytes().ends_with(part),
                _ => contains(name.as_bytes(), part),
            })
        };
        let numbers: Vec<i128> = names().filter(|(name, _)| meant(name)).map(|(_, value)| mask(value)).collect();
        Some(Approx::exact(place.any_of(numbers, self.sets)?))
    }

    /// The number behind symbols, an `int` unless there is more: both ways to widen it are meant.
    fn symbolic_number(&mut self, at: u8, wanted: &Wanted) -> Option<Approx> {
        let place = Place::ulong(at);
        let both = |number: &i128| {
            let number = u64::try_from(*number).ok();
            let low = number.filter(|number| u32::try_from(*number).is_ok()).map(|number| number | HIGH);
            // What has all upper bits is shown without them.
            number.filter(|number| number & HIGH != HIGH).into_iter().chain(low).collect::<Vec<_>>()
        };
        let numbers = |numbers: &mut dyn Iterator<Item = &i128>| numbers.flat_map(both).collect::<Vec<_>>();
        Some(match wanted {
            Wanted::Range(range) if range.start() == range.end() => {
                Approx::exact(place.kernels_any_of(both(range.start()), self.sets)?)
            }
            Wanted::NotNumber(number) => Approx::exact(place.kernels_any_of(both(number), self.sets)?.negated()),
            Wanted::Numbers(wanted) => {
                let numbers = numbers(&mut wanted.iter());
                Approx::exact(place.kernels_any_of(numbers, self.sets)?)
            }
            Wanted::Range(range) if *range.start() >= 0 && *range.end() <= i128::from(u32::MAX) => {
                Approx::same(Place::uint(at).range(range))
            }
            _ => return None,
        })
    }

    /// The number of a signal.
    fn signal_number(&mut self, at: u8, wanted: &Wanted) -> Option<Approx> {
        let small = |number: &i128| (0..=i128::from(i32::MAX)).contains(number);
        match wanted {
            Wanted::Range(range) if small(range.start()) && small(range.end()) => {
                Some(Approx::wider(Place::uint(at).range(range)))
            }
            Wanted::Numbers(numbers) if numbers.iter().all(small) => {
                Some(Approx::wider(Place::uint(at).any_of(numbers.iter().copied(), self.sets)?))
            }
            _ => None,
        }
    }
}

/// A file mode, of which 16 bits count.
fn mode(at: u8, wanted: &Wanted) -> Option<Approx> {
    let is = |number: i128| match u64::try_from(number) {
        Ok(number) if number <= MODE => Place::ulong(at).test(Op::Bits, MODE, number),
        Ok(_) | Err(_) => Formula::Const(false),
    };
    match wanted {
        Wanted::Range(range) if range.start() == range.end() => Some(Approx::exact(is(*range.start()))),
        Wanted::NotNumber(number) => Some(Approx::exact(is(*number).negated())),
        _ => None,
    }
}

/// Flags that a comparison finds by name.
fn flags(at: u8, form: &symbols::Symbols, wanted: &Wanted) -> Option<Approx> {
    let Wanted::Contains(patterns) = wanted else { return None };
    let text = |name: &str| if patterns.is_folded() { name.to_ascii_lowercase() } else { name.to_owned() };
    // Digits, `0x` and `|` may stand between names.
    let is_name = |part: &[u8]| {
        part.iter().any(|byte| matches!(byte.to_ascii_lowercase(), b'g'..=b'w' | b'y' | b'z' | b'_'))
            && !part.contains(&b'|')
    };
    if !patterns.iter().all(is_name) {
        return None;
    }
    let found: Vec<&Symbol> = form
        .symbols
        .iter()
        .filter(|symbol| patterns.iter().any(|part| contains(text(symbol.name).as_bytes(), part)))
        .collect();
    let place = Place::ulong(at);
    let test = |symbol: &&Symbol| match symbol.value {
        Some(value) => place.test(Op::Bits, symbol.mask, value),
        None => place.test(Op::Any, symbol.mask, 0),
    };
    // A flag whose bits are no part of anything else is written whenever it is set.
    let alone = |symbol: &&Symbol| {
        let others = form.symbols.iter().filter(|other| other.mask & symbol.mask != 0 && other.mask != form.bits);
        symbol.is_flag && others.count() == 1
    };
    let formula = Formula::any(found.iter().map(test));
    Some(if found.iter().all(alone) { Approx::exact(formula) } else { Approx::wider(formula) })
}

/// Whether a number is shown as this text.
fn shows(abi: Abi, arg: Arg, number: i128, literal: &[u8]) -> bool {
    args::word_text(arg.kind, number as u64, abi) == literal
}

/// Where the kernel has a number that is an argument, and which of its bits count.
fn number(kind: Kind, at: u8, abi: Abi) -> Option<Place> {
    match kind {
        Kind::Int | Kind::Fd | Kind::Dirfd | Kind::Pid => Some(Place::int(at)),
        Kind::Uint => Some(Place::uint(at)),
        Kind::Uid | Kind::Gid => Some(Place::owner(at)),
        Kind::Long | Kind::Off => Some(match abi {
            Abi::Native => Place::long(at),
            Abi::I386 => Place::int(at),
        }),
        Kind::Ulong | Kind::Hex | Kind::Ptr => Some(Place::ulong(at)),
        _ => None,
    }
}

/// The texts that a comparison with whole texts has.
pub(super) fn literals(wanted: &Wanted) -> Option<Vec<&[u8]>> {
    match wanted {
        Wanted::Texts(texts) => Some(texts.iter().collect()),
        Wanted::NotText(text) => Some(vec![text]),
        _ => None,
    }
}

/// The texts that a comparison with parts of texts has.
fn parts(wanted: &Wanted) -> Option<Vec<&[u8]>> {
    match wanted {
        Wanted::StartsWith(texts) => Some(texts.iter().collect()),
        Wanted::EndsWith(texts) => Some(texts.iter().map(|text| &**text).collect()),
        Wanted::Contains(texts) => Some(texts.iter().collect()),
        _ => None,
    }
}

fn is_folded(wanted: &Wanted) -> bool {
    matches!(wanted, Wanted::Contains(patterns) if patterns.is_folded())
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}
