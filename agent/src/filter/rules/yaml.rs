// SPDX-License-Identifier: Apache-2.0
//! YAML as a tree that knows its lines, of bounded size.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle};

/// Values that a file may have, those that aliases repeat included.
const MOST_NODES: usize = 1_000_000;
/// Sequences and mappings that may stand inside one another.
const MOST_LEVELS: usize = 32;

/// A value.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub line: usize,
    pub content: Content,
}

impl Node {
    /// Whether there is no text.
    pub(super) fn is_empty(&self) -> bool {
        match &self.content {
            Content::Null => true,
            Content::Scalar(text) => text.is_empty(),
            Content::Sequence(_) | Content::Mapping(_) => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Nothing: `~`, `null`, no text.
    Null,
    Scalar(String),
    Sequence(Vec<Node>),
    /// Keys in the order of the file, each once.
    Mapping(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub line: usize,
    pub name: String,
}

/// What is wrong, and in which line.
#[derive(Debug)]
pub(super) struct Trouble {
    pub line: usize,
    pub message: String,
}

impl Trouble {
    pub(super) fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// The documents of a file.
pub(super) fn read(text: &str) -> Result<Vec<Node>, Trouble> {
    let mut reader = Reader::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Trouble::new(error.marker().line(), error.info()))?;
        reader.event(event, span.start.line())?;
    }
    Ok(reader.documents)
}

#[derive(Default)]
struct Reader {
    documents: Vec<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

/// A sequence or mapping that has not ended.
struct Open {
    node: Node,
    anchor: usize,
    /// Of a mapping: the key whose value comes next, and all so far.
    key: Option<Key>,
    keys: HashSet<String>,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), Trouble> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "the parser's events may become more")]
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let null = style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let content = if null { Content::Null } else { Content::Scalar(text.into_owned()) };
                self.add(Node { line, content }, anchor)
            }
            Event::SequenceStart(_, anchor, _) => {
                self.begin(Node { line, content: Content::Sequence(Vec::new()) }, anchor)
            }
            Event::MappingStart(_, anchor, _) => {
                self.begin(Node { line, content: Content::Mapping(Vec::new()) }, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.add(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let Some(node) = self.anchors.get(&anchor).cloned() else {
                    return Err(Trouble::new(line, "this alias stands inside of what it repeats"));
                };
                self.nodes += count(&node);
                self.add(node, 0)
            }
            // The ends of documents, and what the parser is not asked for.
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node, anchor: usize) -> Result<(), Trouble> {
        if self.open.len() == MOST_LEVELS {
            return Err(Trouble::new(
                node.line,
                format!("values stand more than {MOST_LEVELS} deep inside one another"),
            ));
        }
        self.open.push(Open { node, anchor, key: None, keys: HashSet::new() });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Trouble> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(Trouble::new(node.line, format!("the file has more than {MOST_NODES} values")));
        }
        if anchor != 0 {
            self.nodes += count(&node);
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::Sequence(items), _) => items.push(node),
            (Content::Mapping(entries), Some(key)) => entries.push((key, node)),
            (Content::Mapping(_), None) => {
                let Content::Scalar(name) = node.content else {
                    return Err(Trouble::new(node.line, "a key is a word"));
                };
                if !open.keys.insert(name.clone()) {
                    return Err(Trouble::new(node.line, format!("the key `{name}` is there twice")));
                }
                open.key = Some(Key { line: node.line, name });
            }
            (Content::Null | Content::Scalar(_), _) => {}
        }
        Ok(())
    }
}

fn count(node: &Node) -> usize {
    1 + match &node.content {
        Content::Null | Content::Scalar(_) => 0,
        Content::Sequence(items) => items.iter().map(count).sum(),
        Content::Mapping(entries) => entries.iter().map(|(_, node)| count(node)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(text: &str) -> String {
        let trouble = read(text).expect_err(text);
        format!("{}: {}", trouble.line, trouble.message)
    }

    #[test]
    fn values_know_their_lines() {
        let documents = read("\u{feff}- a: >\n    x\n    y\n# no\n- b: [1, ~, '~']\n---\n- c").expect("YAML");
        let [first, second] = &*documents else { unreachable!("two documents") };
        let Content::Sequence(items) = &first.content else { unreachable!("a sequence") };
        let Content::Mapping(a) = &items[0].content else { unreachable!("a mapping") };
        assert!(matches!(&a[0], (Key { line: 1, name }, Node { content: Content::Scalar(text), .. })
            if name == "a" && text == "x y\n"));
        let Content::Mapping(b) = &items[1].content else { unreachable!("a mapping") };
        let Content::Sequence(list) = &b[0].1.content else { unreachable!("a sequence") };
        assert!(matches!(&**list, [
            Node { line: 5, content: Content::Scalar(one) },
            Node { content: Content::Null, .. },
            Node { content: Content::Scalar(tilde), .. },
        ] if one == "1" && tilde == "~"));
        assert_eq!(second.line, 7);
    }

    #[test]
    fn what_is_wrong_has_a_line_and_what_is_too_much_is_refused() {
        assert_eq!(trouble("- a: 1\n  b: 2\n  a: 3"), "3: the key `a` is there twice");
        assert_eq!(trouble("a: 1\n[b]: 2"), "2: a key is a word");
        assert_eq!(trouble("- &a [*a]"), "1: this alias stands inside of what it repeats");
        let deep = "1: values stand more than 32 deep inside one another";
        assert_eq!(trouble(&format!("{}{}", "[".repeat(33), "]".repeat(33))), deep);
        assert_eq!(trouble(&"- ".repeat(100_000)), deep);
        for endless in ["[", "{a: ", "? ", "&a ", "!t ", "'", "\"", "|", "- [", "a: "] {
            let _ = read(&endless.repeat(100_000)).map(|_| ()).map_err(|trouble| trouble.line);
        }
        assert!(trouble("a: 'x\n").starts_with("2: ") || trouble("a: 'x\n").starts_with("1: "));
        let laughs = (1..20).fold("- &a0 [x]\n".to_owned(), |text, level| {
            text + &format!("- &a{level} [{}]\n", vec![format!("*a{}", level - 1); 10].join(", "))
        });
        assert!(trouble(&laughs).ends_with("the file has more than 1000000 values"));
        read(&format!("{}1{}", "[".repeat(32), "]".repeat(32))).expect("as deep as allowed");
    }
}
