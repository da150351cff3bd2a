// SPDX-License-Identifier: Apache-2.0
//! The fields of an event: the names by which outputs, conditions and rules ask for what is known of it. Names and
//! meanings are Falco's: <https://falco.org/docs/reference/rules/supported-fields/>
//!
//! A field that this agent cannot fill is not here. One that has no value for an event is missing, and never a made-up
//! number.

pub(crate) mod args;
mod category;
pub mod clock;
mod container;
pub(crate) mod evt;
pub(crate) mod fd;
pub(crate) mod fixed;
pub(crate) mod fspath;
pub mod glob;
mod k8s;
pub mod path;
mod proc;
pub mod reference;
mod render;
mod socket;
pub mod tables;
mod thread;
mod user;
pub mod value;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::LazyLock;

use self::{reference::Arg, value::Value};
use crate::event::Event;

/// How a field gets its value from an event.
pub type Get = for<'e> fn(&'e Event<'_>, Option<&Arg>) -> Value<'e>;

/// A field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Type,
    /// Whether it is asked for with an argument.
    pub arg: ArgRule,
    /// What has to be known for it.
    pub basis: Basis,
    /// Whether only conditions may ask for it: it stands for several values, of which a comparison takes any.
    pub filter_only: bool,
    /// What it means.
    pub help: &'static str,
    /// How it gets its value.
    pub get: Get,
}

/// What has to be known for a field's value. Each but the last two takes what stands before it for granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// The call's own record: name, arguments and result, ids, the thread's name, the time.
    Call,
    /// The tables of processes and users, which state records of tasks keep true, and what else is asked of the host.
    Process,
    /// The open file: state records of files.
    File,
    /// Which side of a connection a socket is, or the last peer of a datagram socket: `connect`, `accept`, `listen`,
    /// `sendto` and `recvfrom` have to be seen.
    Side,
    /// The container's description alone, which is the same for every event of a cgroup.
    Container,
    /// The container's pod alone, which is the same for every event of a cgroup as long as nobody changes it.
    Pod,
}

impl Basis {
    /// Whether it is the same for every event of a cgroup.
    #[must_use]
    pub const fn is_of_cgroup(self) -> bool {
        matches!(self, Self::Container | Self::Pod)
    }
}

/// What a field's values are. The names are Falco's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Text; bytes that need not be UTF-8.
    Charbuf,
    /// The content of a buffer.
    Bytebuf,
    /// A signed number.
    Int16,
    /// A signed number.
    Int32,
    /// A signed number.
    Int64,
    /// An unsigned number.
    Uint32,
    /// An unsigned number.
    Uint64,
    /// Yes or no.
    Bool,
    /// Nanoseconds from one time to another.
    Reltime,
    /// Nanoseconds since the epoch.
    Abstime,
    /// An IPv4 or IPv6 address.
    Ipaddr,
    /// An address that is compared with a network.
    Ipnet,
    /// A TCP or UDP port.
    Port,
    /// An address that is compared with the addresses of a host name.
    Hostname,
    /// Whatever the argument is.
    Dyn,
}

impl Type {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Charbuf => "CHARBUF",
            Self::Bytebuf => "BYTEBUF",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Bool => "BOOL",
            Self::Reltime => "RELTIME",
            Self::Abstime => "ABSTIME",
            Self::Ipaddr => "IPADDR",
            Self::Ipnet => "IPNET",
            Self::Port => "PORT",
            Self::Hostname => "HOSTNAME",
            Self::Dyn => "DYN",
        }
    }
}

/// Whether a field is asked for with an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgRule {
    /// Never.
    None,
    /// `field` or `field[number]`.
    Index,
    /// `field` or `field[name]`.
    Key,
    /// `field` or `field[number]` or `field[name]`.
    IndexOrKey,
    /// `field[name]` or `field.name` only.
    KeyRequired,
    /// `field[number]` or `field[name]` only.
    IndexOrKeyRequired,
    /// `field.name` or `field[number]`: an argument of the call.
    Call,
    /// `field.name`: a syscall.
    Syscall,
}

impl ArgRule {
    /// How it is written behind the field's name.
    #[must_use]
    pub const fn syntax(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Index => "[n] optional",
            Self::Key => "[key] optional",
            Self::IndexOrKey => "[n] or [key] optional",
            Self::KeyRequired => "[key] or .key",
            Self::IndexOrKeyRequired => "[n] or [key]",
            Self::Call => ".name or [n]",
            Self::Syscall => ".name",
        }
    }
}

impl Field {
    /// A field without an argument.
    const fn new(basis: Basis, name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self { name, kind, arg: ArgRule::None, basis, filter_only: false, help, get }
    }

    /// One for which the call's record has to be known.
    const fn of_call(name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self::new(Basis::Call, name, kind, help, get)
    }

    /// One for which processes have to be known.
    const fn of_process(name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self::new(Basis::Process, name, kind, help, get)
    }

    /// One for which the open file has to be known.
    const fn of_file(name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self::new(Basis::File, name, kind, help, get)
    }

    /// One for which the side of a connection has to be known.
    const fn of_side(name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self::new(Basis::Side, name, kind, help, get)
    }

    /// One for which only the container has to be known.
    const fn of_container(name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self::new(Basis::Container, name, kind, help, get)
    }

    /// One for which only the pod has to be known.
    const fn of_pod(name: &'static str, kind: Type, help: &'static str, get: Get) -> Self {
        Self::new(Basis::Pod, name, kind, help, get)
    }

    /// The same with an argument.
    const fn with(self, arg: ArgRule) -> Self {
        Self { arg, ..self }
    }

    /// The same for conditions only.
    const fn in_conditions(self) -> Self {
        Self { filter_only: true, ..self }
    }
}

/// Every field, by name.
static FIELDS: LazyLock<Vec<&'static Field>> = LazyLock::new(|| {
    let groups = [
        evt::FIELDS,
        proc::FIELDS,
        thread::FIELDS,
        user::FIELDS,
        fd::FIELDS,
        fspath::FIELDS,
        container::FIELDS,
        k8s::FIELDS,
    ];
    let mut fields: Vec<_> = groups.into_iter().flatten().collect();
    fields.sort_unstable_by_key(|field| field.name);
    fields
});

/// Every field, by name.
#[must_use]
pub fn all() -> &'static [&'static Field] {
    &FIELDS
}

/// The field of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    let at = FIELDS.binary_search_by_key(&name, |field| field.name).ok()?;
    FIELDS.get(at).copied()
}

/// The field whose name is most like this one, if any is much like it.
#[must_use]
pub fn nearest(name: &str) -> Option<&'static str> {
    most_like(name, all().iter().map(|field| field.name))
}

pub(crate) fn most_like<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names
        .map(|known| (strsim::osa_distance(name, known), known))
        .min()
        .filter(|(distance, known)| *distance <= (known.len() / 3).max(1))
        .map(|(_, known)| known)
}
