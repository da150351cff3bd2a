// SPDX-License-Identifier: Apache-2.0
//! `lanner validate`: whether conditions and rules files are right, without capturing.

use std::{
    collections::BTreeMap,
    fmt::Display,
    io::{self, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Result;

use crate::{
    fields::reference::{BadReference, Reference},
    filter::{
        ast::{CallArg, Expr, Operand, Right},
        check::check_with,
        error::{Error, Report},
        parse::parse,
        rules::{self, Counts, Problem, Rules, Written},
        source::{self, Source, SourceError},
    },
    host,
};

/// What became of all files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Valid,
    Invalid,
    Unreadable,
}

/// `lanner validate`
///
/// # Errors
/// When the output can't be written.
pub fn run(files: &[PathBuf]) -> Result<ExitCode> {
    let colour = host::colour(io::stdout().is_terminal());
    let mut out = Output { to: BufWriter::new(io::stdout().lock()), colour };
    let verdict = validate(files, &mut out)?;
    out.to.flush()?;
    Ok(match verdict {
        Verdict::Valid => ExitCode::SUCCESS,
        Verdict::Invalid => ExitCode::from(2),
        Verdict::Unreadable => ExitCode::FAILURE,
    })
}

fn validate(files: &[PathBuf], out: &mut Output<impl Write>) -> io::Result<Verdict> {
    let mut worst = Verdict::Valid;
    let mut sources = Vec::new();
    for file in files {
        let most = if is_rules(file) { rules::MOST_BYTES } else { crate::filter::parse::MOST_BYTES };
        match source::read(file, most) {
            Ok(source) => sources.push((is_rules(file), source)),
            Err(error) => {
                worst = worst.max(match error {
                    SourceError::Unreadable { .. } => Verdict::Unreadable,
                    SourceError::TooLarge { .. } | SourceError::NotText { .. } => Verdict::Invalid,
                });
                out.problem(&error)?;
            }
        }
    }
    let files: Vec<_> =
        sources.iter().filter(|(rules, _)| *rules).map(|(_, source)| (&*source.name, &*source.text)).collect();
    let (rules, mut problems) = rules::load(&files);
    problems.extend(types(&rules));
    let mut by_file = BTreeMap::<&str, Vec<&Problem>>::new();
    for problem in &problems {
        by_file.entry(&problem.place.file).or_default().push(problem);
    }
    let mut files = rules.files.iter();
    for (is_rules, source) in &sources {
        let has = if *is_rules { files.next().map(counts) } else { None };
        let number = if *is_rules {
            let problems = by_file.remove(&*source.name).unwrap_or_default();
            for problem in &problems {
                out.problem(problem)?;
            }
            problems.len()
        } else {
            condition(source, out)?
        };
        if number > 0 {
            worst = worst.max(Verdict::Invalid);
            out.bad(&source.name, number)?;
        } else {
            out.good(&source.name, &has.unwrap_or_default())?;
        }
    }
    Ok(worst)
}

fn is_rules(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// What a file has.
fn counts(of: &Counts) -> String {
    [(of.rules, "rule"), (of.macros, "macro"), (of.lists, "list")]
        .map(|(number, kind)| format!(", {number} {kind}{}", if number == 1 { "" } else { "s" }))
        .concat()
}

/// Reads a condition; the answer is how many errors were reported.
fn condition(source: &Source, out: &mut Output<impl Write>) -> io::Result<usize> {
    let errors = match parse(&source.text) {
        Ok(expr) => match errors(&expr, &source.text) {
            errors if errors.is_empty() => wrong(&expr, &source.text).into_iter().collect(),
            errors => errors,
        },
        Err(error) => vec![error],
    };
    for error in &errors {
        out.problem(&Report { name: Some(&source.name), text: &source.text, error })?;
    }
    Ok(errors.len())
}

/// What is wrong with the types of macros and rules, each by itself: an error stands where it was written.
fn types(rules: &Rules) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |text: &Written, what: String, errors: Vec<Error>| {
        problems.extend(errors.into_iter().map(|error| Problem::in_text(text, &what, error)));
    };
    for of in &rules.macros {
        add(&of.text, format!("macro `{}`", of.name), errors(&of.own, &of.text.text));
    }
    // Of other sources' fields nothing is known here.
    for rule in rules.rules.iter().filter(|rule| rule.about.source == "syscall") {
        let skipped = rule.about.skip_if_unknown_filter && leaves(&rule.condition).into_iter().any(names_unknown_field);
        if !skipped {
            add(&rule.text, format!("rule `{}`", rule.name), errors(&rule.own, &rule.text.text));
        }
    }
    problems
}

/// What is wrong with the comparisons of `expr`. Macros are checked where they are defined.
fn errors(expr: &Expr, text: &str) -> Vec<Error> {
    let comparisons = leaves(expr).into_iter().filter(|leaf| matches!(leaf, Expr::Check(_)));
    comparisons.filter_map(|leaf| wrong(leaf, text)).collect()
}

/// The first that is wrong. Host names are not looked up: what they mean here and now makes nothing right or wrong.
fn wrong(expr: &Expr, text: &str) -> Option<Error> {
    check_with(expr, text, &|_| Ok(Vec::new())).err()
}

/// Comparisons and macros.
fn leaves(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().flat_map(leaves).collect(),
        Expr::Not(inner) => leaves(inner),
        Expr::Check(_) | Expr::Macro(_) => vec![expr],
    }
}

fn names_unknown_field(leaf: &Expr) -> bool {
    let Expr::Check(check) = leaf else { return false };
    let right = match &check.right {
        Right::Operand(operand) => Some(operand),
        Right::None | Right::Literal(_) | Right::List { .. } => None,
    };
    std::iter::once(&check.left).chain(right).any(is_unknown)
}

fn is_unknown(operand: &Operand) -> bool {
    fn of_arg(arg: &CallArg) -> bool {
        match arg {
            CallArg::Operand(operand) => is_unknown(operand),
            CallArg::Literal(_) => false,
            CallArg::List(args) => args.node.iter().any(of_arg),
        }
    }
    match operand {
        Operand::Field(name) => matches!(name.node.parse::<Reference>(), Err(BadReference::Unknown { .. })),
        Operand::Call(call) => call.args.iter().any(of_arg),
    }
}

/// Where the report goes.
struct Output<W> {
    to: W,
    colour: bool,
}

impl<W: Write> Output<W> {
    /// An error: what it says is bold, the line below its place red.
    fn problem(&mut self, problem: &impl Display) -> io::Result<()> {
        let text = problem.to_string();
        if !self.colour {
            return writeln!(self.to, "{text}");
        }
        let mut lines = text.lines();
        writeln!(self.to, "\x1b[1m{}\x1b[0m", lines.next().unwrap_or_default())?;
        for line in lines {
            let style = if line.trim_start().starts_with('^') { "31" } else { "0" };
            writeln!(self.to, "\x1b[{style}m{line}\x1b[0m")?;
        }
        Ok(())
    }

    fn good(&mut self, name: &str, counts: &str) -> io::Result<()> {
        let word = if self.colour { "\x1b[32mok\x1b[0m" } else { "ok" };
        writeln!(self.to, "{name}: {word}{counts}")
    }

    fn bad(&mut self, name: &str, wrong: usize) -> io::Result<()> {
        let words = format!("{wrong} error{}", if wrong == 1 { "" } else { "s" });
        let words = if self.colour { format!("\x1b[31m{words}\x1b[0m") } else { words };
        writeln!(self.to, "{name}: {words}")
    }
}

#[cfg(test)]
mod tests;
