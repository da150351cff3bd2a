// SPDX-License-Identifier: Apache-2.0
//! Field selectors, as far as pods have them.

use super::pod::SimPod;

/// A selection: all of these have to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selector(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: Field,
    equal: bool,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Node,
    Phase,
    Name,
    Namespace,
}

impl Selector {
    /// Reads one; the error is what an API server says.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let terms = split(text).into_iter().filter(|term| !term.is_empty());
        terms.map(|term| Term::parse(&term)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `pod` is selected.
    pub(super) fn matches(&self, pod: &SimPod) -> bool {
        self.0.iter().all(|term| (term.field.of(pod) == term.value) == term.equal)
    }

    /// The node that it is bound to.
    pub(super) fn node(&self) -> Option<&str> {
        self.0.iter().find(|term| term.field == Field::Node && term.equal).map(|term| &*term.value)
    }
}

impl Term {
    fn parse(term: &str) -> Result<Self, String> {
        let at = term.find('=').ok_or_else(|| format!("invalid selector: '{term}'; can't understand '{term}'"))?;
        let (field, value) = (&term[..at], &term[at + 1..]);
        let (field, equal) = field.strip_suffix('!').map_or((field, true), |field| (field, false));
        let value = value.strip_prefix('=').unwrap_or(value);
        let field = match field {
            "spec.nodeName" => Field::Node,
            "status.phase" => Field::Phase,
            "metadata.name" => Field::Name,
            "metadata.namespace" => Field::Namespace,
            _ => return Err(format!("field label not supported: {field}")),
        };
        Ok(Self { field, equal, value: unescaped(value) })
    }
}

impl Field {
    fn of(self, pod: &SimPod) -> &str {
        match self {
            Self::Node => pod.node.as_deref().unwrap_or_default(),
            Self::Phase => &pod.phase,
            Self::Name => &pod.name,
            Self::Namespace => &pod.namespace,
        }
    }
}

/// The terms, at commas that no backslash stands before.
fn split(text: &str) -> Vec<String> {
    let (mut terms, mut escaped) = (vec![String::new()], false);
    for c in text.chars() {
        if c == ',' && !escaped {
            terms.push(String::new());
        } else if let Some(last) = terms.last_mut() {
            last.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    terms
}

fn unescaped(value: &str) -> String {
    let mut escaped = false;
    value
        .chars()
        .filter(|c| {
            escaped = *c == '\\' && !escaped;
            !escaped
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_evaluated() {
        let pod = SimPod::new("payments", "api-0", "node-1");
        for (text, expect) in [
            ("", true),
            ("spec.nodeName=node-1", true),
            ("spec.nodeName==node-1,status.phase!=Failed", true),
            ("spec.nodeName=node-1,status.phase!=Running", false),
            ("spec.nodeName=node-2", false),
            ("metadata.name=api-0,metadata.namespace!=x", true),
            (r"spec.nodeName=a\,b\=\\c", false),
        ] {
            assert_eq!(Selector::parse(text).map(|selector| selector.matches(&pod)), Ok(expect), "{text}");
        }
        let odd = Selector::parse(r"status.phase!=x,spec.nodeName=a\,b\=\\c").expect("a selector");
        assert_eq!(odd.node(), Some(r"a,b=\c"));
        assert!(Selector::parse("spec.color=red").is_err() && Selector::parse("x").is_err());
    }
}
