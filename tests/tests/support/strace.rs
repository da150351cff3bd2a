// SPDX-License-Identifier: Apache-2.0
//! What `strace -f -o FILE` wrote, read back: per thread, its calls in order.

use std::collections::BTreeMap;

/// How a call ended, as strace has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// `= 3`, `= 0x7f..`, `= 022`
    Value(i64),
    /// `= -1 ENOENT (..)`, `= ? ERESTARTSYS (..)`
    Error(String),
    /// `= ?`: `exit` and `exit_group` never return.
    Nothing,
    /// `= ?`, of another call: the thread was killed inside it.
    Killed,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    /// As strace names it.
    pub(crate) name: String,
    /// Its arguments, each as it stands there.
    pub(crate) args: Vec<String>,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// The line, its parts joined.
    pub(crate) line: String,
}

/// Everything that strace saw.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// The calls of each thread.
    pub(crate) threads: BTreeMap<u32, Vec<Call>>,
    /// The thread that strace started.
    pub(crate) root: u32,
}

/// Begins the rest of a line whose call was interrupted by another thread's line.
const UNFINISHED: &str = "<unfinished ...>";

/// Reads a trace. What is not understood is an error that names the line.
pub(crate) fn parse(text: &str) -> Result<Trace, String> {
    let mut trace = Trace::default();
    let mut begun = BTreeMap::<u32, String>::new();
    for line in text.lines() {
        let (tid, rest) = line.split_once(' ').ok_or_else(|| format!("no thread id: {line}"))?;
        let tid: u32 = tid.parse().map_err(|error| format!("{error}: {line}"))?;
        let rest = rest.trim_start();
        if trace.root == 0 {
            trace.root = tid;
        }
        // Signals and ends of threads.
        if rest.starts_with("--- ") || rest.starts_with("+++ ") {
            continue;
        }
        let calls = trace.threads.entry(tid).or_default();
        if let Some(head) = killed(rest) {
            let head = if head.starts_with("<... ") { begun.remove(&tid).unwrap_or_default() } else { head.to_owned() };
            calls.push(Call { outcome: Outcome::Killed, ..call(&format!("{head})"), " = ?")? });
        } else if let Some(head) = rest.strip_suffix(UNFINISHED) {
            begun.insert(tid, head.trim_end_matches(' ').to_owned());
        } else if let Some(resumed) = rest.strip_prefix("<... ") {
            let (_, tail) = resumed.split_once(" resumed>").ok_or_else(|| format!("resumed what: {line}"))?;
            let head = begun.remove(&tid).ok_or_else(|| format!("nothing to resume: {line}"))?;
            calls.push(call(&format!("{head}{tail}"), "")?);
        } else {
            calls.push(call(rest, "")?);
        }
    }
    // A thread that was killed before its call was reported to be unfinished once more.
    for (tid, head) in begun {
        let killed = Call { outcome: Outcome::Killed, ..call(&format!("{head})"), " = ?")? };
        trace.threads.entry(tid).or_default().push(killed);
    }
    Ok(trace)
}

/// What precedes `<unfinished ...>) = ?`.
fn killed(rest: &str) -> Option<&str> {
    let (head, tail) = rest.split_once(UNFINISHED)?;
    let tail = tail.trim_start_matches(')').trim_start();
    (tail == "= ?").then_some(head)
}

/// Reads `name(args) = result`; `more` is put behind the line first.
fn call(line: &str, more: &str) -> Result<Call, String> {
    let line = format!("{line}{more}");
    let wrong = |what: &str| format!("{what}: {line}");
    let (name, rest) = line.split_once('(').ok_or_else(|| wrong("no arguments"))?;
    let (args, rest) = arguments(rest).ok_or_else(|| wrong("no end of the arguments"))?;
    let result = rest.trim_start().strip_prefix("= ").ok_or_else(|| wrong("no result"))?;
    let mut outcome = outcome(result).ok_or_else(|| wrong("no such result"))?;
    if outcome == Outcome::Nothing && !["exit", "exit_group"].contains(&name) {
        outcome = Outcome::Killed;
    }
    Ok(Call { name: name.to_owned(), args, outcome, line: line.clone() })
}

/// The arguments up to the parenthesis that closes them, and what follows.
fn arguments(text: &str) -> Option<(Vec<String>, &str)> {
    let (mut args, mut arg) = (Vec::new(), String::new());
    let (mut depth, mut quoted, mut comment, mut escaped) = (0_i32, false, false, false);
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        let last = std::mem::replace(&mut before, c);
        if quoted {
            quoted = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if comment {
            comment = !(last == '*' && c == '/');
        } else {
            match c {
                '"' => quoted = true,
                '*' if last == '/' => comment = true,
                '(' | '[' | '{' => depth += 1,
                ')' if depth == 0 => {
                    if !arg.trim().is_empty() {
                        args.push(arg.trim().to_owned());
                    }
                    return Some((args, &text[at + 1..]));
                }
                ')' | ']' | '}' => depth -= 1,
                ',' if depth == 0 => {
                    args.push(arg.trim().to_owned());
                    arg.clear();
                    continue;
                }
                _ => {}
            }
        }
        arg.push(c);
    }
    None
}

fn outcome(result: &str) -> Option<Outcome> {
    let mut words = result.split_whitespace();
    let (first, second) = (words.next()?, words.next());
    match (first, second) {
        ("?", None) => Some(Outcome::Nothing),
        ("?" | "-1", Some(name)) if name.starts_with('E') => Some(Outcome::Error(name.to_owned())),
        (number, _) => integer(number).map(|value| Outcome::Value(value as i64)),
    }
}

/// An integer as C writes it.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let value = match digits.as_bytes() {
        [b'0', b'x', ..] => i128::from_str_radix(&digits[2..], 16),
        [b'0', _, ..] => i128::from_str_radix(&digits[1..], 8),
        _ => digits.parse(),
    };
    value
        .ok()
        .filter(|_| digits.starts_with(|c: char| c.is_ascii_digit()))
        .map(|value| if negative { -value } else { value })
}

/// The bytes of a quoted argument, and whether there were more; `None` when it is not quoted.
pub(crate) fn string(arg: &str) -> Option<(Vec<u8>, bool)> {
    let (text, cut) = arg.strip_suffix("...").map_or((arg, false), |text| (text, true));
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    let (mut out, mut bytes) = (Vec::new(), inside.bytes().peekable());
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        out.push(match bytes.next()? {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'v' => 0x0b,
            b'f' => 0x0c,
            b'x' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                (digit(bytes.next()?)? * 16 + digit(bytes.next()?)?) as u8
            }
            first @ b'0'..=b'7' => {
                let mut value = u32::from(first - b'0');
                for _ in 0..2 {
                    let Some(digit) = bytes.next_if(|byte| matches!(byte, b'0'..=b'7')) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                value as u8
            }
            other => other,
        });
    }
    Some((out, cut))
}

/// The strings of an argument such as `["a", "b"]`, and whether there were more.
pub(crate) fn strings(arg: &str) -> Option<(Vec<Vec<u8>>, bool)> {
    let inside = format!("{})", arg.strip_prefix('[')?.strip_suffix(']')?);
    let (items, _) = arguments(&inside)?;
    let mut cut = false;
    let mut strings = Vec::new();
    for item in items {
        if item == "..." {
            cut = true;
        } else {
            let (bytes, more) = string(&item)?;
            cut |= more;
            strings.push(bytes);
        }
    }
    Some((strings, cut))
}
