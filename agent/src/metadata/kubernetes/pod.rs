// SPDX-License-Identifier: Apache-2.0
//! What is kept of a pod, as small as it gets.
//!
//! All texts of a pod stand in one allocation, each behind its length: two characters of seven bits. So the whole is valid
//! UTF-8, a text is a slice of it, and nothing but the number of the pod stands beside it.

use std::{fmt, iter};

/// What a pod is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// `metadata.uid`, as a number.
    pub uid: u128,
    /// The UID in its cgroup's path where that is another: the annotation `kubernetes.io/config.hash` of a static pod.
    pub config_hash: Option<u128>,
    /// `metadata.name`
    pub name: String,
    /// `metadata.namespace`
    pub namespace: String,
    /// `spec.nodeName`
    pub node: Option<String>,
    /// `spec.serviceAccountName`
    pub service_account: Option<String>,
    /// `status.qosClass`
    pub qos: Option<String>,
    /// `status.podIPs`
    pub ips: Vec<String>,
    /// Its controller.
    pub owner: Option<Owner<String>>,
    /// `metadata.labels`, sorted by name.
    pub labels: Vec<(String, String)>,
    /// The annotations that are kept, sorted by name.
    pub annotations: Vec<(String, String)>,
    /// Init, regular and ephemeral containers.
    pub containers: Vec<PodContainer<String>>,
}

/// The controller of a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<T> {
    /// `ReplicaSet`, `DaemonSet`, ..
    pub kind: T,
    /// Its name.
    pub name: T,
}

/// A container of a pod, as its status tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PodContainer<T> {
    /// The whole id without the runtime's scheme; empty while it was never started.
    pub id: T,
    /// Its name in the pod's specification.
    pub name: T,
    /// The image as the specification names it.
    pub image: T,
}

/// A pod, as small as it gets: it does not change, a new one takes its place.
///
/// Two are equal when nothing that is kept differs.
#[derive(PartialEq, Eq)]
pub struct Pod {
    uid: u128,
    /// Name, namespace, then the optional texts, then the lists, each behind its number of entries.
    packed: Box<str>,
}

impl From<&Parts> for Pod {
    /// Packs `parts`. Texts and lists that are longer than [`MAX`] are cut there.
    fn from(parts: &Parts) -> Self {
        let mut packed = Packer::default();
        packed.text(&parts.name);
        packed.text(&parts.namespace);
        packed.optional(parts.node.as_deref());
        packed.optional(parts.service_account.as_deref());
        packed.optional(parts.qos.as_deref());
        packed.optional(parts.config_hash.map(|hash| format!("{hash:x}")).as_deref());
        packed.optional(parts.owner.as_ref().map(|owner| owner.kind.as_str()));
        packed.optional(parts.owner.as_ref().map(|owner| owner.name.as_str()));
        packed.list(&parts.ips, |packed, ip| packed.text(ip));
        let pair = |packed: &mut Packer, (name, value): &(String, String)| {
            packed.text(name);
            packed.text(value);
        };
        packed.list(&parts.labels, pair);
        packed.list(&parts.annotations, pair);
        packed.list(&parts.containers, |packed, container| {
            packed.text(&container.id);
            packed.text(&container.name);
            packed.text(&container.image);
        });
        Self { uid: parts.uid, packed: packed.0.into_boxed_str() }
    }
}

impl Pod {
    /// Its UID as a number.
    #[must_use]
    pub fn uid(&self) -> u128 {
        self.uid
    }

    /// The UID in its cgroup's path where that is another.
    #[must_use]
    pub fn config_hash(&self) -> Option<u128> {
        u128::from_str_radix(self.optional(CONFIG_HASH)?, 16).ok()
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.after(0).text()
    }

    /// Its namespace.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.after(1).text()
    }

    /// The node that it runs on.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.optional(NODE)
    }

    /// The service account that it runs as.
    #[must_use]
    pub fn service_account(&self) -> Option<&str> {
        self.optional(SERVICE_ACCOUNT)
    }

    /// Its quality-of-service class.
    #[must_use]
    pub fn qos(&self) -> Option<&str> {
        self.optional(QOS)
    }

    /// Its addresses.
    pub fn ips(&self) -> impl Iterator<Item = &str> {
        self.list(IPS).texts()
    }

    /// Its controller.
    #[must_use]
    pub fn owner(&self) -> Option<Owner<&str>> {
        let mut rest = self.after(OWNER);
        Some(Owner { kind: rest.optional()?, name: rest.optional()? })
    }

    /// Its labels, sorted by name.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list(LABELS).pairs()
    }

    /// The annotations that are kept, sorted by name.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.list(ANNOTATIONS).pairs()
    }

    /// Its containers: init, regular and ephemeral ones.
    pub fn containers(&self) -> impl Iterator<Item = PodContainer<&str>> {
        let mut rest = self.list(CONTAINERS);
        let count = rest.number();
        iter::repeat_with(move || PodContainer { id: rest.text(), name: rest.text(), image: rest.text() }).take(count)
    }

    /// The memory that it takes, in bytes, without what an allocator adds.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.packed.len()
    }

    /// What stands behind the first `n` texts.
    fn after(&self, n: usize) -> Reader<'_> {
        let mut rest = Reader(&self.packed);
        rest.skip(n);
        rest
    }

    fn optional(&self, n: usize) -> Option<&str> {
        self.after(n).optional()
    }

    /// The list `n`.
    fn list(&self, n: usize) -> Reader<'_> {
        let mut rest = self.after(IPS_AT);
        for texts in TEXTS_OF.into_iter().take(n) {
            let entries = rest.number();
            rest.skip(entries * texts);
        }
        rest
    }
}

impl fmt::Debug for Pod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pod")
            .field("uid", &format_args!("{:032x}", self.uid()))
            .field("config_hash", &self.config_hash().map(|hash| format!("{hash:032x}")))
            .field("name", &self.name())
            .field("namespace", &self.namespace())
            .field("node", &self.node())
            .field("service_account", &self.service_account())
            .field("qos", &self.qos())
            .field("ips", &self.ips().collect::<Vec<_>>())
            .field("owner", &self.owner())
            .field("labels", &self.labels().collect::<Vec<_>>())
            .field("annotations", &self.annotations().collect::<Vec<_>>())
            .field("containers", &self.containers().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// Where the single texts stand, behind name and namespace.
const NODE: usize = 2;
const SERVICE_ACCOUNT: usize = 3;
const QOS: usize = 4;
const CONFIG_HASH: usize = 5;
const OWNER: usize = 6;
/// How many single texts there are before the lists.
const IPS_AT: usize = 8;
/// The lists in their order, and how many texts an entry of each has.
const IPS: usize = 0;
const LABELS: usize = 1;
const ANNOTATIONS: usize = 2;
const CONTAINERS: usize = 3;
const TEXTS_OF: [usize; 4] = [1, 2, 2, 3];

/// The longest text in bytes, and the longest list in entries.
pub const MAX: usize = ABSENT - 1;
/// The length of a text that is not there.
const ABSENT: usize = (1 << 14) - 1;

/// Writes texts one behind the other.
#[derive(Default)]
struct Packer(String);

impl Packer {
    fn number(&mut self, n: usize) {
        self.0.extend([(n >> 7) & 0x7f, n & 0x7f].map(|bits| char::from(bits as u8)));
    }

    fn text(&mut self, text: &str) {
        let text = text.get(..text.floor_char_boundary(MAX)).unwrap_or_default();
        self.number(text.len());
        self.0.push_str(text);
    }

    fn optional(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None => self.number(ABSENT),
        }
    }

    fn list<T>(&mut self, entries: &[T], pack: impl Fn(&mut Self, &T)) {
        let count = entries.len().min(MAX);
        self.number(count);
        entries.iter().take(count).for_each(|entry| pack(self, entry));
    }
}

/// Reads what a [`Packer`] wrote.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    /// The next `n` bytes; nothing where there are fewer, which a [`Packer`] does not leave behind.
    fn take(&mut self, n: usize) -> &'a str {
        let (taken, rest) = self.0.split_at_checked(n).unwrap_or_default();
        self.0 = rest;
        taken
    }

    fn number(&mut self) -> usize {
        self.take(2).bytes().fold(0, |number, bits| (number << 7) | usize::from(bits))
    }

    fn optional(&mut self) -> Option<&'a str> {
        let length = self.number();
        (length != ABSENT).then(|| self.take(length))
    }

    fn text(&mut self) -> &'a str {
        self.optional().unwrap_or_default()
    }

    fn skip(&mut self, texts: usize) {
        for _ in 0..texts {
            self.optional();
        }
    }

    fn texts(mut self) -> impl Iterator<Item = &'a str> {
        let count = self.number();
        iter::repeat_with(move || self.text()).take(count)
    }

    fn pairs(mut self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let count = self.number();
        iter::repeat_with(move || (self.text(), self.text())).take(count)
    }
}

#[cfg(test)]
mod tests;
