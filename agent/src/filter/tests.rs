// SPDX-License-Identifier: Apache-2.0
//! What the page on conditions says.

use super::{check::check_with, error::Report, parse::parse, rules};

/// The blocks of the page that are marked as `kind`.
fn blocks(kind: &str) -> Vec<&'static str> {
    let page = include_str!("../../../docs/conditions.md");
    let begin = format!("\n```{kind}\n");
    let blocks = page.split(&begin).skip(1).map(|rest| rest.split("\n```").next());
    blocks.map(Option::unwrap_or_default).collect()
}

#[test]
fn every_example_is_right() {
    let examples: Vec<_> = blocks("falco").into_iter().flat_map(str::lines).collect();
    assert_eq!(examples.len(), 9);
    for text in examples {
        let checked = parse(text).and_then(|expr| check_with(&expr, text, &|_| Ok(Vec::new())));
        if let Err(error) = checked {
            unreachable!("{}", Report { name: None, text, error: &error });
        }
    }
    let yaml = blocks("yaml");
    let [text] = &*yaml else { unreachable!("one rules file") };
    let (rules, problems) = rules::load(&[("rules.yaml", text)]);
    assert_eq!(problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(rules.rules.len(), 1);
}

#[test]
fn every_word_is_explained() {
    let page = include_str!("../../../docs/conditions.md");
    let words = super::ast::Op::ALL.iter().map(|op| format!("`{}`", op.name()));
    let words = words.chain(super::ast::Modifier::ALL.iter().map(|modifier| format!("`{}`", modifier.name())));
    let words = words.chain(super::ast::Transformer::ALL.iter().map(|transformer| format!("`{}(", transformer.name())));
    let missing: Vec<_> = words.filter(|word| !page.contains(word)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
