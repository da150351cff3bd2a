// SPDX-License-Identifier: Apache-2.0
//! One comparison as the kernel can make it.
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named is left to userspace")]

use agent_common::{effect::makes, layout::Layout, predicate::Source, schema::Kind};

use super::{
    Facts,
    approx::{Approx, Fit},
    formula::Formula,
    numbers::Place,
};
use crate::{
    fields::{reference::Reference, value::Value},
    filter::{
        ast::Modifier,
        condition::{Operand, Test, Wanted},
    },
};

impl Facts<'_> {
    /// What the kernel makes of a comparison; `None` when it can make nothing of it.
    pub(super) fn leaf(&mut self, index: usize) -> Option<Approx> {
        let condition = self.condition;
        let test = condition.tests.get(index)?;
        let Operand::Field(field) = condition.operands.get(test.operand)? else { return None };
        self.comparison(index, field, test)
    }

    fn comparison(&mut self, index: usize, field: &Reference, test: &Test) -> Option<Approx> {
        let wanted = &test.wanted;
        if let Wanted::Several(modifier, several) = wanted {
            return self.several(index, field, test, *modifier, several);
        }
        if matches!(wanted, Wanted::Exists) {
            return Self::exists(field);
        }
        let name = field.field.name;
        match name {
            "proc.pid" => Place::id(Source::Tgid).compare(wanted, self.sets),
            "thread.tid" => Place::id(Source::Tid).compare(wanted, self.sets),
            // Where the kernel does not know it, the tables may.
            "proc.ppid" => Some(Place::id(Source::Ppid).compare(wanted, self.sets)?.if_there()),
            "evt.cpu" => Place::CPU.compare(wanted, self.sets),
            "user.uid" => Some(Place::id(Source::Euid).compare(wanted, self.sets)?.one_way()),
            "group.gid" => Some(Place::id(Source::Egid).compare(wanted, self.sets)?.one_way()),
            "user.loginuid" => Some(Place::LOGIN.compare(wanted, self.sets)?.one_way()),
            "proc.exe_ino" => Some(Place::INODE.compare(wanted, self.sets)?.one_way()),
            "proc.name" => self.comm(wanted),
            "evt.rawres" => Place::RET.compare(wanted, self.sets),
            "evt.res" => self.outcome(index, test),
            "evt.failed" => bool_of(wanted, Self::failed()),
            "evt.count.error" => Some(Approx::exact(self.error_count(test))),
            "evt.count.error.file" | "evt.count.error.net" | "evt.count.error.memory" | "evt.count.error.other" => {
                Some(Approx::wider(self.error_count(test)))
            }
            "evt.buflen" => self.length(wanted),
            "evt.arg" => self.arg(field.arg.as_ref(), test),
            "evt.rawarg" => self.raw_arg(field.arg.as_ref(), test),
            "evt.category" => self.category(test),
            "evt.is_open_read" | "evt.is_open_write" | "evt.is_open_exec" | "evt.is_open_create" => {
                self.open(name, wanted)
            }
            "evt.abspath" | "evt.abspath.src" => self.absolute(0, wanted),
            "evt.abspath.dst" => self.absolute(1, wanted),
            "fd.num" => self.descriptor(test),
            "fd.type" => Some(self.file_type(test)),
            "fd.typechar" => Some(self.type_char(test)),
            "fd.sockfamily" => Some(self.socket_family(test)),
            "fd.l4proto" | "fd.is_server" => Some(Self::of_inet()),
            "fd.name" => self.file_name(wanted),
            "fd.directory" => self.file_directory(wanted),
            "fd.filename" => self.file_filename(wanted),
            "fd.nameraw" => self.raw_name(wanted),
            "fs.path.name" | "fs.path.nameraw" | "fs.path.source" | "fs.path.sourceraw" | "fs.path.target"
            | "fs.path.targetraw" => self.path(name, wanted),
            "fd.ip" | "fd.cip" | "fd.sip" | "fd.lip" | "fd.rip" | "fd.net" | "fd.cnet" | "fd.snet" | "fd.lnet"
            | "fd.rnet" | "fd.cip.name" | "fd.sip.name" | "fd.lip.name" | "fd.rip.name" => self.address(wanted),
            "fd.port" | "fd.cport" | "fd.sport" | "fd.lport" | "fd.rport" => self.port(wanted),
            _ => None,
        }
    }

    /// One, any or all of several comparisons of a field.
    fn several(
        &mut self,
        index: usize,
        field: &Reference,
        test: &Test,
        modifier: Modifier,
        several: &[Wanted],
    ) -> Option<Approx> {
        // Each would be known by the same index.
        if field.field.name == "evt.res" {
            return self.try_outcomes(test);
        }
        let mut parts = several.iter().map(|wanted| {
            // Not all of the test, which holds the others too.
            let test = Test { operand: test.operand, wanted: wanted.clone(), span: test.span, all: test.all };
            self.comparison(index, field, &test)
        });
        let (parts, fit): (Vec<Formula>, Fit) = match modifier {
            // What the kernel can't decide is left out.
            Modifier::Allof => {
                let parts: Vec<_> = parts.map(|part| part.unwrap_or(Approx::wider(Formula::Const(true)))).collect();
                let fit = parts.iter().map(|part| part.fit).min().unwrap_or(Fit::Exact);
                return Some(Approx { formula: Formula::all(parts.into_iter().map(|part| part.formula)), fit });
            }
            Modifier::Anyof | Modifier::Oneof => {
                parts.try_fold((Vec::new(), Fit::Exact), |(mut parts, fit), part| {
                    let part = part?;
                    parts.push(part.formula);
                    Some((parts, fit.min(part.fit)))
                })?
            }
        };
        let fit = if modifier == Modifier::Oneof { Fit::Wider } else { fit };
        Some(Approx { formula: Formula::any(parts), fit })
    }

    /// Whether a field has a value.
    fn exists(field: &Reference) -> Option<Approx> {
        match field.field.name {
            "fd.ip" | "fd.cip" | "fd.sip" | "fd.lip" | "fd.rip" | "fd.net" | "fd.cnet" | "fd.snet" | "fd.lnet"
            | "fd.rnet" | "fd.port" | "fd.cport" | "fd.sport" | "fd.lport" | "fd.rport" | "fd.l4proto"
            | "fd.is_server" => Some(Self::of_inet()),
            _ => None,
        }
    }

    /// `evt.buflen`: of calls that read or write, the result unless it is an error.
    fn length(&mut self, wanted: &Wanted) -> Option<Approx> {
        let some = Place::RET.compare(wanted, self.sets)?;
        Some(Approx::exact(Formula::all([Self::succeeded(), some.formula])))
    }

    /// `fd.num`
    fn descriptor(&mut self, test: &Test) -> Option<Approx> {
        let syscall = self.row.syscall?;
        if makes(syscall) {
            return self.made(test);
        }
        let first = syscall
            .args
            .iter()
            .find(|arg| matches!(arg.kind, Kind::Fd | Kind::Dirfd | Kind::StructOut(Layout::FdPair)))?;
        if matches!(first.kind, Kind::StructOut(_)) {
            return None;
        }
        Place::int(first.at).compare(&test.wanted, self.sets)
    }

    /// The descriptor that a call makes: -1 for every error.
    fn made(&mut self, test: &Test) -> Option<Approx> {
        let made = Place::RET.compare(&test.wanted, self.sets)?;
        let none = if self.accepts(test, Value::Int(-1)) { Self::succeeded().negated() } else { Formula::Const(false) };
        Some(Approx::exact(Formula::any([Formula::all([Self::succeeded(), made.formula]), none])))
    }

    /// Whether a comparison holds for a value.
    pub(super) fn accepts(&self, test: &Test, value: Value<'_>) -> bool {
        test.accepts(value, &self.arena).unwrap_or(true)
    }
}

/// A comparison with yes or no.
fn bool_of(wanted: &Wanted, formula: Formula) -> Option<Approx> {
    match wanted {
        Wanted::Bool(true) => Some(Approx::exact(formula)),
        Wanted::Bool(false) => Some(Approx::exact(formula.negated())),
        _ => None,
    }
}
