// SPDX-License-Identifier: Apache-2.0
//! Comparisons of the same value are made one: `a = x or a in (y, z)` is a look into one set, and so is
//! `not a = x and not (a = y or b = z)` for `a`. What a condition says stays the same, only evaluating it takes less.

use std::collections::HashMap;

use super::{
    condition::{Condition, Node, Test, Wanted},
    net::Networks,
    text::{Globs, NumberSet, PathTree, Patterns, Prefixes, TextSet},
};

/// How a comparison looks at its value; only those that look in the same way can be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Look {
    Number,
    Text,
    Start,
    End,
    Part(bool),
    Pattern(bool),
    Path,
    Network,
}

impl Condition {
    /// Trees of this condition's comparisons that hold when `trees` do, and take less. Comparisons that are needed for it
    /// are entered behind those that are there.
    #[must_use]
    pub(super) fn fused(&mut self, trees: &[Node]) -> Vec<Node> {
        let mut fuse = Fuse { condition: self, made: HashMap::new() };
        trees.iter().map(|tree| fuse.node(tree)).collect()
    }
}

struct Fuse<'c> {
    condition: &'c mut Condition,
    /// The comparisons that were made of others.
    made: HashMap<Vec<usize>, usize>,
}

impl Fuse<'_> {
    fn node(&mut self, node: &Node) -> Node {
        match node {
            Node::Const(_) | Node::Test(_) => node.clone(),
            Node::And(parts) => {
                let parts = parts.iter().map(|part| self.node(part)).collect::<Vec<_>>();
                self.joined(Node::all(parts))
            }
            Node::Or(parts) => {
                let parts = parts.iter().map(|part| self.node(part)).collect::<Vec<_>>();
                self.joined(Node::any(parts))
            }
            // None of several is not the one and not the other, so that each meets its like outside.
            Node::Not(part) => match self.node(part) {
                Node::Or(parts) => Node::all(parts.into_iter().map(Node::negated)),
                Node::And(parts) => Node::any(parts.into_iter().map(Node::negated)),
                part @ (Node::Const(_) | Node::Not(_) | Node::Test(_)) => part.negated(),
            },
        }
    }

    /// The comparisons among the parts of an `or`, and the negated ones among those of an `and`, made one where they can be.
    fn joined(&mut self, node: Node) -> Node {
        let (parts, negated) = match node {
            Node::And(parts) => (parts, true),
            Node::Or(parts) => (parts, false),
            node @ (Node::Const(_) | Node::Not(_) | Node::Test(_)) => return node,
        };
        let mut like: HashMap<(usize, Look), Vec<usize>> = HashMap::new();
        let keys: Vec<_> = parts.iter().map(|part| self.key(part, negated)).collect();
        for (key, test) in keys.iter().flatten() {
            like.entry(*key).or_default().push(*test);
        }
        let mut kept = Vec::with_capacity(parts.len());
        for (part, key) in parts.into_iter().zip(keys) {
            match key {
                None => kept.push(part),
                // The first stands for all that are like it.
                Some((key, _)) => {
                    if let Some(tests) = like.remove(&key) {
                        let one = Node::Test(self.one(tests));
                        kept.push(if negated { one.negated() } else { one });
                    }
                }
            }
        }
        if negated { Node::all(kept) } else { Node::any(kept) }
    }

    /// What a part can be made one with, and its comparison.
    fn key(&self, part: &Node, negated: bool) -> Option<((usize, Look), usize)> {
        let at = match part {
            Node::Test(at) if !negated => *at,
            Node::Not(inner) if negated => {
                let Node::Test(at) = **inner else { return None };
                at
            }
            Node::Const(_) | Node::And(_) | Node::Or(_) | Node::Not(_) | Node::Test(_) => return None,
        };
        let test = self.condition.tests.get(at).filter(|test| !test.all)?;
        Some(((test.operand, look(&test.wanted)?), at))
    }

    /// The comparison that is any of these, of which there is one at least.
    fn one(&mut self, tests: Vec<usize>) -> usize {
        if let [only] = *tests {
            return only;
        }
        if let Some(made) = self.made.get(&tests) {
            return *made;
        }
        let all: Vec<&Test> = tests.iter().filter_map(|at| self.condition.tests.get(*at)).collect();
        let wanted: Vec<&Wanted> = all.iter().map(|test| &test.wanted).collect();
        let Some(test) = all.first().map(|first| Test { wanted: union(&wanted), ..(*first).clone() }) else { return 0 };
        self.condition.tests.push(test);
        self.made.insert(tests, self.condition.tests.len() - 1);
        self.condition.tests.len() - 1
    }
}

fn look(wanted: &Wanted) -> Option<Look> {
    Some(match wanted {
        Wanted::Range(range) if range.start() == range.end() => Look::Number,
        Wanted::Numbers(_) => Look::Number,
        Wanted::Texts(_) => Look::Text,
        Wanted::StartsWith(_) => Look::Start,
        Wanted::EndsWith(_) => Look::End,
        Wanted::Contains(patterns) => Look::Part(patterns.is_folded()),
        Wanted::Glob(globs) => Look::Pattern(globs.is_folded()),
        Wanted::Path(_) => Look::Path,
        Wanted::Networks(_) => Look::Network,
        Wanted::Exists
        | Wanted::Range(_)
        | Wanted::NotNumber(_)
        | Wanted::Bool(_)
        | Wanted::NotText(_)
        | Wanted::Regex(_)
        | Wanted::NotNetworks(_)
        | Wanted::Operand(..)
        | Wanted::Several(..) => return None,
    })
}

/// What any of `all` wants, which look in the same way.
fn union(all: &[&Wanted]) -> Wanted {
    macro_rules! each {
        ($variant:ident) => {
            all.iter().filter_map(|wanted| if let Wanted::$variant(set) = wanted { Some(set) } else { None })
        };
    }
    match all {
        [] => Wanted::Numbers(NumberSet::default()),
        [Wanted::Texts(_), ..] => Wanted::Texts(each!(Texts).flat_map(TextSet::iter).collect()),
        [Wanted::StartsWith(_), ..] => Wanted::StartsWith(each!(StartsWith).flat_map(Prefixes::iter).collect()),
        [Wanted::EndsWith(_), ..] => Wanted::EndsWith(each!(EndsWith).flatten().cloned().collect()),
        [Wanted::Path(_), ..] => Wanted::Path(each!(Path).flat_map(PathTree::iter).collect()),
        [Wanted::Networks(_), ..] => Wanted::Networks(each!(Networks).flat_map(Networks::iter).collect()),
        [Wanted::Contains(first), ..] => {
            Wanted::Contains(Patterns::new(each!(Contains).flat_map(Patterns::iter), first.is_folded()))
        }
        [Wanted::Glob(first), ..] => Wanted::Glob(Globs::new(each!(Glob).flat_map(Globs::iter), first.is_folded())),
        [_, ..] => {
            let mut numbers: NumberSet = each!(Numbers).flatten().copied().collect();
            numbers.extend(each!(Range).map(|range| *range.start()));
            Wanted::Numbers(numbers)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::filter::{check::check, condition::Node, parse::parse};

    /// How many comparisons a tree has.
    fn count(node: &Node) -> usize {
        match node {
            Node::Const(_) => 0,
            Node::And(parts) | Node::Or(parts) => parts.iter().map(count).sum(),
            Node::Not(part) => count(part),
            Node::Test(_) => 1,
        }
    }

    fn left(text: &str) -> usize {
        let mut condition = check(&parse(text).expect(text), text).expect(text);
        let root = condition.root.clone();
        count(&condition.fused(&[root])[0])
    }

    #[test]
    fn comparisons_of_the_same_value_become_one() {
        let table = [
            ("proc.name = a or proc.name in (b, c) or proc.name = d", 1),
            ("not proc.name = a and not (proc.name = b or not proc.pid = 1)", 2),
            ("not (fd.name startswith /a or fd.name startswith /b) and not fd.name startswith /c", 1),
            ("proc.aname = a or proc.aname = b", 1),
            ("fd.ip = 10.0.0.1 or fd.ip in (10.0.0.2)", 1),
            ("fd.num = 1 or fd.num in (2, 3)", 1),
            ("fd.name glob 'a*' or fd.name glob 'b*' or fd.name iglob 'c*'", 2),
            ("fd.name contains a or fd.name contains b or fd.name icontains c", 2),
            ("fd.name endswith a or fd.name endswith b or fd.name pmatch (/a) or fd.name pmatch (/b)", 2),
            ("(proc.name = a and proc.pid = 1) or (proc.name = b and proc.pid = 1)", 4),
            // A value can't be both.
            ("proc.name = a and proc.name = b", 2),
            ("not proc.name = a or not proc.name = b", 2),
            ("fd.num < 1 or fd.num > 3", 2),
            ("fd.ip != 10.0.0.1 or fd.ip != 10.0.0.2", 2),
        ];
        for (text, want) in table {
            assert_eq!(left(text), want, "{text}");
        }
    }
}
