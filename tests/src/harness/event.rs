// SPDX-License-Identifier: Apache-2.0
//! One line of `lanner -o json`.

use std::{
    cell::RefCell,
    fmt::{self, Debug, Display},
    ops::Deref,
};

use serde_json::Value;

/// One comparison that a test made.
#[derive(Clone, Debug)]
struct Look {
    field: String,
    found: String,
    wanted: String,
    equal: bool,
}

/// A line. It remembers what its fields were compared with, so that a failing test can say what differed.
#[derive(Debug)]
pub struct Event {
    json: Value,
    looks: RefCell<Vec<Look>>,
}

/// A field of an event, to be compared: `e.arg("name") == "/x"`, `e.ret() == 3`.
pub struct Field<'e> {
    event: &'e Event,
    name: String,
    value: &'e Value,
}

impl Event {
    pub(crate) const fn new(json: Value) -> Self {
        Self { json, looks: RefCell::new(Vec::new()) }
    }

    /// The whole line.
    #[must_use]
    pub const fn json(&self) -> &Value {
        &self.json
    }

    /// A member of the line; null when it has none of that name.
    #[must_use]
    pub fn field(&self, name: &str) -> Field<'_> {
        Field { event: self, name: name.to_owned(), value: &self.json[name] }
    }

    /// An argument; null when there is none of that name. A path of names leads into it: `arg("statbuf.st_size")`.
    #[must_use]
    pub fn arg(&self, path: &str) -> Field<'_> {
        let value = path.split('.').fold(&self.json["args"], |value, name| match name.parse::<usize>() {
            Ok(index) => &value[index],
            Err(_) => &value[name],
        });
        Field { event: self, name: format!("args.{path}"), value }
    }

    /// Whether it is a call of this syscall.
    #[must_use]
    pub fn is(&self, syscall: &str) -> bool {
        self.field("syscall") == syscall
    }

    /// The result.
    #[must_use]
    pub fn ret(&self) -> Field<'_> {
        self.field("ret")
    }

    /// The error's name.
    #[must_use]
    pub fn errno(&self) -> Field<'_> {
        self.field("errno")
    }

    /// The syscall's name; empty for a line that is no call.
    #[must_use]
    pub fn syscall(&self) -> &str {
        self.json["syscall"].as_str().unwrap_or_default()
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.number("pid") as u32
    }

    /// The thread id.
    #[must_use]
    pub fn tid(&self) -> u32 {
        self.number("tid") as u32
    }

    /// The parent's process id.
    #[must_use]
    pub fn ppid(&self) -> u32 {
        self.number("ppid") as u32
    }

    /// The time, in nanoseconds since the epoch.
    #[must_use]
    pub fn ts(&self) -> u64 {
        self.number("ts")
    }

    fn number(&self, name: &str) -> u64 {
        self.json[name].as_u64().unwrap_or(u64::MAX)
    }

    /// Forgets the comparisons made so far.
    pub(crate) fn forget(&self) {
        self.looks.borrow_mut().clear();
    }

    /// How many comparisons since [`Self::forget`] agreed.
    pub(crate) fn agreed(&self) -> usize {
        self.looks.borrow().iter().filter(|look| look.equal).count()
    }

    /// The comparisons since [`Self::forget`] that did not agree, a line each.
    pub(crate) fn differing(&self) -> String {
        let looks = self.looks.borrow();
        looks.iter().filter(|look| !look.equal).fold(String::new(), |text, look| {
            text + &format!("\n    {}: is {}, not {}", look.field, look.found, look.wanted)
        })
    }
}

impl Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(&self.json, f)
    }
}

impl<T: Debug> PartialEq<T> for Field<'_>
where
    Value: PartialEq<T>,
{
    fn eq(&self, other: &T) -> bool {
        let equal = self.value == other;
        self.event.looks.borrow_mut().push(Look {
            field: self.name.clone(),
            found: self.value.to_string(),
            wanted: format!("{other:?}"),
            equal,
        });
        equal
    }
}

impl Deref for Field<'_> {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.value
    }
}

impl Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.name, self.value)
    }
}

/// The first place where two values differ, as in `args.name: is "/x", not "/y"`; members that only one has count.
#[must_use]
pub fn difference(at: &str, found: &Value, wanted: &Value) -> Option<String> {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            let missing = found
                .keys()
                .find(|key| !wanted.contains_key(*key))
                .map(|key| format!("{at}.{key}: is {}, and nothing is expected", found[key]));
            wanted
                .iter()
                .find_map(|(key, wanted)| match found.get(key) {
                    Some(found) => difference(&format!("{at}.{key}"), found, wanted),
                    None => Some(format!("{at}.{key}: is not there, expected {wanted}")),
                })
                .or(missing)
        }
        (Value::Array(found), Value::Array(wanted)) if found.len() == wanted.len() => {
            let mut pairs = found.iter().zip(wanted).enumerate();
            pairs.find_map(|(i, (found, wanted))| difference(&format!("{at}.{i}"), found, wanted))
        }
        _ => (found != wanted).then(|| format!("{at}: is {found}, not {wanted}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        let differ = |found, wanted| difference("line", &found, &wanted);
        assert_eq!(differ(json!({ "a": [1, { "b": null }] }), json!({ "a": [1, { "b": null }] })), None);
        assert_eq!(differ(json!({ "a": [1, 2] }), json!({ "a": [1, 3] })).as_deref(), Some("line.a.1: is 2, not 3"));
        assert_eq!(differ(json!({ "a": [1] }), json!({ "a": [1, 3] })).as_deref(), Some("line.a: is [1], not [1,3]"));
        let missing = differ(json!({}), json!({ "a": 1 }));
        assert_eq!(missing.as_deref(), Some("line.a: is not there, expected 1"));
        let unexpected = differ(json!({ "a": 1, "b": 2 }), json!({ "a": 1 }));
        assert_eq!(unexpected.as_deref(), Some("line.b: is 2, and nothing is expected"));
    }

    #[test]
    fn fields_remember_what_they_were_compared_with() {
        let event =
            Event::new(json!({ "syscall": "openat", "args": { "name": "/x", "how": { "list": [4] } }, "ret": 3 }));
        assert!(event.is("openat") && event.arg("how.list.0") == 4 && event.errno().is_null());
        assert!(event.arg("name") != "/y");
        assert_eq!((event.agreed(), event.differing().trim()), (2, "args.name: is \"/x\", not \"/y\""));
        event.forget();
        assert_eq!((event.agreed(), event.differing()), (0, String::new()));
    }
}
