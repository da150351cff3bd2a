// SPDX-License-Identifier: Apache-2.0
//! The formats of files in `/proc`: <https://man7.org/linux/man-pages/man5/proc.5.html>

use super::TICK;
use crate::metadata::process::Credentials;

/// A decimal number and nothing else.
pub(super) fn number<T: std::str::FromStr>(digits: &[u8]) -> Option<T> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// The number in `what:[number]`.
pub(super) fn bracketed(link: &[u8]) -> Option<u32> {
    let open = link.iter().position(|byte| *byte == b'[')?;
    number(link.get(open + 1..)?.strip_suffix(b"]")?)
}

/// What is needed of `/proc/PID/stat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub name: Vec<u8>,
    state: u8,
    pub ppid: u32,
    pub group: u32,
    pub session: u32,
    pub tty: u32,
    pub threads: u32,
    /// In nanoseconds since boot.
    pub start: u64,
}

impl Stat {
    /// The name may contain anything: it ends at the last parenthesis.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let open = line.iter().position(|byte| *byte == b'(')?;
        let close = line.iter().rposition(|byte| *byte == b')')?;
        let name = line.get(open + 1..close)?.to_vec();
        let mut fields = line.get(close + 1..)?.trim_ascii().split(|byte| *byte == b' ');
        // Fields are numbered from 1 in the manual; the third comes next.
        let state = *fields.next()?.first()?;
        let mut next = |skip| number::<i64>(fields.nth(skip)?);
        let (ppid, group, session, tty) = (next(0)?, next(0)?, next(0)?, next(0)?);
        let (threads, start) = (next(12)?, next(1)?);
        Some(Self {
            name,
            state,
            ppid: ppid as u32,
            group: group as u32,
            session: session as u32,
            tty: tty as u32,
            threads: threads as u32,
            start: start.cast_unsigned().saturating_mul(TICK),
        })
    }

    /// Whether all threads have ended. The first alone may have, and is a zombie while others live.
    pub(super) const fn has_ended(&self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x') && self.threads <= 1
    }
}

/// What is needed of `/proc/PID/status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    pub credentials: Option<Credentials>,
    /// The task's id in its own PID namespace.
    pub vpid: Option<u32>,
    pub vgroups: Option<(u32, u32)>,
}

impl Status {
    pub(super) fn parse(text: &[u8]) -> Self {
        let (mut uids, mut gids, mut capabilities) = (None, None, [None; 3]);
        let (mut vpid, mut group, mut session) = (None, None, None);
        for line in text.split(|byte| *byte == b'\n') {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let (key, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default().trim_ascii();
            match key {
                b"Uid" => uids = pair(value),
                b"Gid" => gids = pair(value),
                b"NSpid" => vpid = last(value),
                b"NSpgid" => group = last(value),
                b"NSsid" => session = last(value),
                b"CapPrm" => capabilities[0] = hex(value),
                b"CapEff" => capabilities[1] = hex(value),
                b"CapInh" => capabilities[2] = hex(value),
                _ => {}
            }
        }
        let credentials = || {
            let ((uid, euid), (gid, egid)) = (uids?, gids?);
            let [permitted, effective, inheritable] = capabilities;
            Some(Credentials { uid, euid, gid, egid, capabilities: [permitted?, effective?, inheritable?] })
        };
        Self { credentials: credentials(), vpid, vgroups: group.zip(session) }
    }
}

/// Any of the files.
#[cfg(any(test, feature = "fuzz"))]
pub(crate) fn fuzz(bytes: &[u8]) {
    if let Some(stat) = Stat::parse(bytes) {
        assert!(stat.name.len() < bytes.len());
        let _ = stat.has_ended();
    }
    let _ = (Status::parse(bytes), listening(bytes).count(), bracketed(bytes));
}

fn fields(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(u8::is_ascii_whitespace).filter(|field| !field.is_empty())
}

/// The first two numbers.
fn pair(value: &[u8]) -> Option<(u32, u32)> {
    let mut fields = fields(value);
    Some((number(fields.next()?)?, number(fields.next()?)?))
}

/// The last number: the innermost namespace's.
fn last(value: &[u8]) -> Option<u32> {
    number(fields(value).next_back()?)
}

fn hex(value: &[u8]) -> Option<u64> {
    u64::from_str_radix(std::str::from_utf8(value).ok()?, 16).ok()
}

/// Local ports of the listening sockets of `/proc/net/tcp`. The kernel lists these first:
/// <https://github.com/torvalds/linux/blob/v6.12/net/ipv4/tcp_ipv4.c#L2684>
pub(super) fn listening(table: &[u8]) -> impl Iterator<Item = u16> {
    table.split(|byte| *byte == b'\n').skip(1).map_while(|line| {
        let mut fields = fields(line);
        let local = fields.nth(1)?;
        let listens = fields.nth(1)? == b"0A";
        let port = local.rsplit(|byte| *byte == b':').next()?;
        u16::from_str_radix(std::str::from_utf8(port).ok()?, 16).ok().filter(|_| listens)
    })
}
