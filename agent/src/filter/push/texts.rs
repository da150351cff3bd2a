// SPDX-License-Identifier: Apache-2.0
//! Comparisons of texts: the thread's name, arguments, and paths.

use agent_common::{
    effect::makes,
    predicate::{NO_ARG, Op, SUFFIX_BYTES, Source, TEXT_BYTES, Test, Text},
    schema::{Hook, Kind},
};

use super::{
    Facts,
    approx::{Approx, Fit},
    formula::Formula,
    needles::{Needle, Needles},
};
use crate::{
    fields::fspath::{self, Paths},
    filter::condition::Wanted,
};

/// Bytes of a thread's name, its NUL aside.
const COMM_BYTES: usize = 15;

impl Facts<'_> {
    /// `proc.name`
    pub(super) fn comm(&mut self, wanted: &Wanted) -> Option<Approx> {
        let mut needles = Needles::of(wanted)?.without_nuls();
        needles.any.retain(|needle| needle.text().len() <= COMM_BYTES);
        if needles.any.iter().any(|needle| !matches!(needle, Needle::Whole(_)) && needle.text().is_empty()) {
            return Some(Approx::exact(Formula::Const(!needles.negated)));
        }
        self.look(Text::Comm, &needles, Fit::Exact)
    }

    /// A text that is an argument, as it is.
    pub(super) fn text_arg(&mut self, at: u8, wanted: &Wanted) -> Option<Approx> {
        let needles = Needles::of(wanted).filter(|_| !matches!(wanted, Wanted::Path(_)))?.without_nuls();
        let text = self.claim_text(at)?;
        Some(self.look(text, &needles, Fit::Exact)?.if_there())
    }

    /// `fd.nameraw`
    pub(super) fn raw_name(&mut self, wanted: &Wanted) -> Option<Approx> {
        let needles = Needles::of(wanted).filter(|_| !matches!(wanted, Wanted::Path(_)))?.without_nuls().of_raw()?;
        let text = self.claim_text(self.register("name")?)?;
        self.look(text, &needles, Fit::Wider)
    }

    /// `fd.name`
    pub(super) fn file_name(&mut self, wanted: &Wanted) -> Option<Approx> {
        self.file(Needles::of(wanted)?)
    }

    /// `fd.directory`
    pub(super) fn file_directory(&mut self, wanted: &Wanted) -> Option<Approx> {
        self.file(Needles::of(wanted)?.of_directory()?)
    }

    /// `fd.filename`
    pub(super) fn file_filename(&mut self, wanted: &Wanted) -> Option<Approx> {
        self.file(Needles::of(wanted)?.of_filename()?)
    }

    /// `fs.path.*`
    pub(super) fn path(&mut self, field: &str, wanted: &Wanted) -> Option<Approx> {
        let syscall = self.row.syscall?;
        let approx = match (fspath::of_row(syscall), field) {
            (Paths::One(name), "fs.path.name") => self.asked(name, wanted),
            (Paths::File, "fs.path.name" | "fs.path.nameraw") => self.file_name(wanted),
            (Paths::Two { source, .. }, "fs.path.source") => self.asked(source, wanted),
            (Paths::Two { target, .. }, "fs.path.target") => self.asked(target, wanted),
            (Paths::One(name), "fs.path.nameraw") => self.asked_raw(name, wanted),
            (Paths::Two { source, .. }, "fs.path.sourceraw") => self.asked_raw(source, wanted),
            (Paths::Two { target, .. }, "fs.path.targetraw") => self.asked_raw(target, wanted),
            (Paths::One(_) | Paths::Two { .. } | Paths::File | Paths::None, _) => None,
        }?;
        // Of a call that makes nothing it is there only when the call succeeded.
        let succeeded = if makes(syscall) { Formula::Const(true) } else { Self::succeeded() };
        Some(Approx { formula: Formula::all([succeeded, approx.formula]), fit: approx.fit.min(Fit::Same) })
    }

    /// `evt.abspath*`: the `n`th name in a directory that a descriptor says.
    pub(super) fn absolute(&mut self, n: usize, wanted: &Wanted) -> Option<Approx> {
        let syscall = self.row.syscall?;
        if syscall.name == "open_by_handle_at" {
            return self.file_name(wanted);
        }
        let name = fspath::names_at(syscall).nth(n)?;
        self.asked(name, wanted)
    }

    /// The path that is the argument `name`, as the caller wrote it.
    fn asked_raw(&mut self, name: &str, wanted: &Wanted) -> Option<Approx> {
        self.path_register(name)?;
        self.text_arg(self.register(name)?, wanted)
    }

    /// The path that is the argument `name`, made absolute.
    fn asked(&mut self, name: &str, wanted: &Wanted) -> Option<Approx> {
        let needles = Needles::of(wanted)?.without_nuls();
        // The target of a symbolic link and the device of a mount are no names in a directory.
        let (at, dirfd) = self.path_register(name)?;
        if needles.negated || !needles.are_paths() || !self.claim_path(at, dirfd) {
            return None;
        }
        self.look(Text::Asked, &needles, Fit::Same)
    }

    /// The registers of the argument `name`, a path, and of the descriptor of the directory where it begins.
    fn path_register(&self, name: &str) -> Option<(u8, u8)> {
        let syscall = self.row.syscall.filter(|syscall| syscall.hook == Hook::Exit)?;
        let arg = syscall.args.iter().find(|arg| arg.name == name).filter(|arg| arg.kind == Kind::Path)?;
        let before = syscall.args.iter().take_while(|arg| arg.name != name);
        let dirfd = before.filter(|arg| arg.kind == Kind::Dirfd).last();
        Some((arg.at, dirfd.map_or(NO_ARG, |dirfd| dirfd.at)))
    }

    /// The name of the call's file.
    fn file(&mut self, needles: Needles) -> Option<Approx> {
        let needles = needles.without_nuls();
        if needles.negated || !needles.are_paths() {
            return None;
        }
        let needles = needles.without_deleted()?;
        self.claim_opened()?;
        self.look(Text::File, &needles, Fit::Same)
    }

    /// For a call that opens a file: where its name is.
    pub(super) fn claim_opened(&mut self) -> Option<()> {
        if !self.row.name().is_some_and(fspath::opens) {
            return Some(());
        }
        let (at, dirfd) = self.path_register("name")?;
        self.head.opens = 1;
        self.claim_path(at, dirfd).then_some(())
    }

    /// Whether `at` is, or now becomes, the path that the predicate looks at.
    fn claim_path(&mut self, at: u8, dirfd: u8) -> bool {
        if self.head.path == NO_ARG {
            (self.head.path, self.head.dirfd) = (at, dirfd);
        }
        (self.head.path, self.head.dirfd) == (at, dirfd)
    }

    /// The text of the register `at`, if it is, or now becomes, one of those that the predicate looks at.
    fn claim_text(&mut self, at: u8) -> Option<Text> {
        let place = self.head.texts.iter_mut().position(|text| {
            if *text == NO_ARG {
                *text = at;
            }
            *text == at
        })?;
        [Text::Arg0, Text::Arg1].get(place).copied()
    }

    /// A look for any of the needles.
    fn look(&mut self, text: Text, needles: &Needles, fit: Fit) -> Option<Approx> {
        let test = |op| Test { source: Source::Text as u8, op: op as u8, arg: text as u8, ..Test::default() };
        let (mut heads, mut parts, mut whole) = (Vec::new(), Vec::new(), needles.complete);
        for needle in &needles.any {
            match needle {
                Needle::Head(text) if text.is_empty() => return None,
                Needle::Tail(text) if text.is_empty() => return None,
                Needle::Head(text) => heads.push(text.clone()),
                Needle::Whole(text) => heads.push([text.as_slice(), b"\0"].concat()),
                Needle::Tail(text) => {
                    let from = text.len().saturating_sub(SUFFIX_BYTES);
                    whole &= from == 0;
                    let set = self.sets.suffix(text.get(from..)?)?;
                    parts.push(Formula::Test(Test { set, ..test(Op::Suffix) }));
                }
            }
        }
        if !heads.is_empty() {
            whole &= heads.iter().all(|head| head.len() <= TEXT_BYTES);
            let cut = |head: &Vec<u8>| Box::from(head.get(..TEXT_BYTES).unwrap_or(head));
            let set = self.sets.texts(heads.iter().map(cut).collect())?;
            parts.push(Formula::Test(Test { set, ..test(Op::Prefix) }));
        }
        let formula = Formula::any(parts);
        let fit = if whole { fit } else { Fit::Wider };
        if needles.negated {
            return (fit == Fit::Exact).then(|| Approx::exact(formula.negated()));
        }
        Some(Approx { formula, fit })
    }
}
