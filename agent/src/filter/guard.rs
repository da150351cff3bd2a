// SPDX-License-Identifier: Apache-2.0
//! A look at what a text begins with, before the text is put together: a command line begins with the name of its process,
//! so that for most processes `proc.cmdline startswith 'perl /opt'` is answered by the name. What a condition says stays the
//! same.

use std::collections::HashMap;

use super::{
    condition::{Condition, Node, Operand, Test, Wanted},
    text::TextSet,
};
use crate::fields::reference::{Arg, Reference};

/// Fields that are put together, and what each begins with: with nothing behind it, or with a space.
pub(super) const HEADS: &[(&str, &str)] =
    &[("proc.cmdline", "proc.name"), ("proc.pcmdline", "proc.pname"), ("proc.acmdline", "proc.aname")];

/// As many names of heads are looked for: with more, the text itself is as good.
const MAX_NAMES: usize = 64;

impl Condition {
    /// Trees of this condition's comparisons that hold when `trees` do, in which comparisons of long texts stand behind
    /// comparisons of what they begin with. Those are entered behind the ones that are there.
    #[must_use]
    pub(super) fn guarded(&mut self, trees: &[Node]) -> Vec<Node> {
        let mut guard = Guard { condition: self, made: HashMap::new() };
        trees.iter().map(|tree| guard.node(tree)).collect()
    }
}

struct Guard<'c> {
    condition: &'c mut Condition,
    /// What stands for each comparison that was met.
    made: HashMap<usize, Node>,
}

impl Guard<'_> {
    fn node(&mut self, node: &Node) -> Node {
        match node {
            Node::Const(_) => node.clone(),
            Node::And(parts) => Node::And(parts.iter().map(|part| self.node(part)).collect()),
            Node::Or(parts) => Node::Or(parts.iter().map(|part| self.node(part)).collect()),
            Node::Not(part) => Node::Not(Box::new(self.node(part))),
            Node::Test(at) => {
                if let Some(made) = self.made.get(at) {
                    return made.clone();
                }
                let made = self.test(*at).unwrap_or(Node::Test(*at));
                self.made.insert(*at, made.clone());
                made
            }
        }
    }

    /// A comparison behind one of its head; `None` when it has none that helps.
    fn test(&mut self, at: usize) -> Option<Node> {
        let test = self.condition.tests.get(at)?;
        let Some(Operand::Field(whole)) = self.condition.operands.get(test.operand) else { return None };
        let head = head(whole)?;
        let (cut, longer) = match &test.wanted {
            Wanted::StartsWith(prefixes) => (cut(prefixes.iter())?, Some(prefixes.clone())),
            Wanted::Texts(texts) => (cut(texts.iter())?, None),
            Wanted::Exists
            | Wanted::Range(_)
            | Wanted::NotNumber(_)
            | Wanted::Numbers(_)
            | Wanted::Bool(_)
            | Wanted::NotText(_)
            | Wanted::EndsWith(_)
            | Wanted::Contains(_)
            | Wanted::Glob(_)
            | Wanted::Regex(_)
            | Wanted::Path(_)
            | Wanted::Networks(_)
            | Wanted::NotNetworks(_)
            | Wanted::Operand(..)
            | Wanted::Several(..) => return None,
        };
        let (span, operand) = (test.span, self.operand(head));
        let wanted = std::iter::once(Wanted::Texts(cut)).chain(longer.map(Wanted::StartsWith));
        let tests = wanted.map(|wanted| Test { operand, wanted, all: false, span });
        let heads = tests.map(|test| {
            self.condition.tests.push(test);
            Node::Test(self.condition.tests.len() - 1)
        });
        Some(Node::all([Node::any(heads), Node::Test(at)]))
    }

    /// The operand that is this field, entered if it is not there.
    fn operand(&mut self, field: Reference) -> usize {
        let is = |operand: &Operand| matches!(operand, Operand::Field(there) if there.text() == field.text());
        let operands = &mut self.condition.operands;
        operands.iter().position(is).unwrap_or_else(|| {
            operands.push(Operand::Field(field));
            operands.len() - 1
        })
    }
}

/// What a field's text begins with.
fn head(whole: &Reference) -> Option<Reference> {
    if whole.is_list() {
        return None;
    }
    let (_, name) = HEADS.iter().find(|(name, _)| *name == whole.field.name)?;
    let arg = match &whole.arg {
        None => String::new(),
        Some(Arg::Index(n)) => format!("[{n}]"),
        Some(Arg::Key(key)) => format!("[{key}]"),
    };
    format!("{name}{arg}").parse().ok()
}

/// The heads of texts: each text as far as each of its spaces, and whole; and the empty head,
/// which no space follows.
fn cut<'t>(texts: impl Iterator<Item = &'t [u8]>) -> Option<TextSet> {
    let mut heads: Vec<&'t [u8]> = vec![b""];
    for text in texts {
        heads.extend(memchr::memchr_iter(b' ', text).map(|space| &text[..space]));
        heads.push(text);
        if heads.len() > MAX_NAMES {
            return None;
        }
    }
    Some(heads.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::HEADS;
    use crate::{
        fields::tests::fixture::Fixture,
        filter::{check::check, parse::parse},
        metadata::process::Process,
    };

    /// A call by a process called `comm` with these arguments, and with a parent that is like it.
    fn called(comm: &str, args: &[u8]) -> Fixture {
        let process =
            Arc::new(Process { name: Box::from(comm.as_bytes()), args: Arc::from(args), ..Process::default() });
        let mut fixture = Fixture::new("getpid", 1, &[]).named(comm);
        fixture.process = Some(Arc::clone(&process));
        if let Some(tables) = &mut fixture.tables {
            tables.ancestors = vec![process];
        }
        fixture
    }

    #[test]
    fn a_guarded_comparison_says_what_the_comparison_says() {
        let texts = ["", "p", "perl", "perl ", "perl /opt", "perl /opt/x", "my prog", "my prog x", " x", "perl  ", "x"];
        let args: [&[u8]; 6] = [b"", b"perl\0", b"perl\0/opt/x\0", b"perl\0x", b"x\0\0\0", b"x\0x\0"];
        let (mut compared, mut held) = (0, 0);
        for (whole, _) in HEADS {
            let whole = if *whole == "proc.acmdline" { "proc.acmdline[1]" } else { whole };
            for text in texts {
                for comparison in [
                    format!("{whole} startswith '{text}'"),
                    format!("{whole} = '{text}'"),
                    format!("{whole} in ('{text}', 'my prog')"),
                    format!("not ({whole} startswith '{text}' or {whole} startswith 'perl x')"),
                ] {
                    let mut condition =
                        parse(&comparison).and_then(|expr| check(&expr, &comparison)).expect("a condition");
                    let root = condition.root.clone();
                    let plain = condition.program(&root);
                    let guarded = condition.guarded(std::slice::from_ref(&root)).remove(0);
                    assert_ne!(guarded, root, "{comparison}");
                    let guarded = condition.program(&guarded);
                    for comm in ["", "p", "perl", "perl /opt", "my prog", "my", "x"] {
                        for args in args {
                            let fixture = called(comm, args);
                            let want = fixture.with(|event| condition.run(&plain, event));
                            let got = fixture.with(|event| condition.run(&guarded, event));
                            assert_eq!(got, want, "{comparison} of {comm:?} with {args:?}");
                            compared += 1;
                            held += u32::from(want);
                        }
                    }
                }
            }
        }
        assert_eq!(compared, 3 * 11 * 4 * 7 * 6);
        assert!(held > 500 && held < compared - 500, "{held}");
    }

    #[test]
    fn what_has_no_head_stays_as_it_is() {
        let long = format!("proc.cmdline startswith '{}'", "x ".repeat(100));
        for text in ["proc.cmdline contains x", "proc.args startswith x", "proc.acmdline startswith x", &long] {
            let mut condition = parse(text).and_then(|expr| check(&expr, text)).expect("a condition");
            let root = condition.root.clone();
            assert_eq!(condition.guarded(std::slice::from_ref(&root)), [root], "{text}");
        }
    }
}
