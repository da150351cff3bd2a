// SPDX-License-Identifier: Apache-2.0
//! A rules file of our own, with everything in it that Falco's default rules use.

use std::collections::BTreeSet;

use super::{super::Counts, right};
use crate::filter::{
    ast::{Call, CallArg, Expr, Modifier, Op, Operand, Right, Transformer},
    check::check_with,
    parse::parse_folded,
};

const TEXT: &str = include_str!("../../../../golden/rules.yaml");

/// Every field that conditions and outputs of the default rules ask for, but those of Kubernetes.
const FIELDS: &str = "
    container.id container.image.repository container.image.tag container.mount.dest container.mounts container.name
    container.privileged container.start_ts evt.arg.cmd evt.arg.domain evt.arg.fd evt.arg.filename evt.arg.flags
    evt.arg.linkpath evt.arg.mode evt.arg.name evt.arg.newpath evt.arg.oldpath evt.arg.path evt.arg.request
    evt.arg.target evt.arg.uid evt.args evt.buffer evt.is_open_exec evt.is_open_read evt.is_open_write evt.num
    evt.rawres evt.res evt.type fd.cip fd.cip.name fd.cnet fd.connected fd.directory fd.filename fd.ip fd.l4proto
    fd.lip.name fd.lport fd.name fd.name_changed fd.nameraw fd.net fd.num fd.port fd.rip fd.rip.name fd.rnet fd.rport
    fd.sip.name fd.snet fd.sockfamily fd.sport fd.type fd.typechar group.gid group.name proc.aexe proc.aexepath
    proc.aname proc.args proc.cmdline proc.cwd proc.duration proc.env proc.exe proc.exe_ino.ctime
    proc.exe_ino.ctime_duration_proc_start proc.exe_ino.mtime proc.exepath proc.is_exe_from_memfd
    proc.is_exe_upper_layer proc.is_vpgid_leader proc.name proc.pcmdline proc.pexe proc.pexepath proc.pname proc.sname
    proc.tty proc.vpid thread.cap_effective thread.cap_permitted user.loginname user.loginuid user.name user.uid";

#[derive(Default)]
struct Used {
    fields: BTreeSet<String>,
    ops: BTreeSet<&'static str>,
    macros: usize,
}

impl Used {
    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| self.expr(part)),
            Expr::Not(inner) => self.expr(inner),
            Expr::Macro(_) => self.macros += 1,
            Expr::Check(check) => {
                self.operand(&check.left);
                self.ops.insert(check.op.node.name());
                match &check.right {
                    Right::Operand(operand) => self.operand(operand),
                    Right::List { modifier, .. } => self.ops.extend(modifier.map(|modifier| modifier.node.name())),
                    Right::None | Right::Literal(_) => {}
                }
            }
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Field(name) => {
                self.fields.extend(name.node.split('[').next().map(str::to_owned));
            }
            Operand::Call(call) => self.call(call),
        }
    }

    fn call(&mut self, call: &Call) {
        self.ops.insert(call.name.node.name());
        self.args(&call.args);
    }

    fn args(&mut self, args: &[CallArg]) {
        for arg in args {
            match arg {
                CallArg::Operand(operand) => self.operand(operand),
                CallArg::Literal(_) => {}
                CallArg::List(args) => self.args(&args.node),
            }
        }
    }
}

#[test]
fn everything_in_it_is_read_and_expanded() {
    let rules = right(&[TEXT]);
    assert_eq!(rules.files, [Counts { rules: 34, macros: 43, lists: 23 }]);
    assert_eq!((rules.rules.len(), rules.macros.len(), rules.lists.len()), (30, 41, 21));

    let mut used = Used::default();
    for (condition, of) in rules
        .rules
        .iter()
        .map(|rule| (&rule.condition, &rule.name))
        .chain(rules.macros.iter().map(|of| (&of.condition, &of.name)))
    {
        used.expr(condition);
        let printed = condition.to_string();
        assert_eq!(parse_folded(&printed).map(|expr| expr.to_string()), Ok(printed), "{of}");
    }
    assert_eq!(used.macros, 0, "none is left");
    let missing: Vec<_> = FIELDS.split_whitespace().filter(|field| !used.fields.contains(*field)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let every = Op::ALL.iter().map(|op| op.name());
    let every = every.chain(Modifier::ALL.iter().map(|modifier| modifier.name()));
    let every = every.chain(Transformer::ALL.iter().map(|transformer| transformer.name()));
    assert_eq!(every.filter(|word| !used.ops.contains(word)).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_comparison_fits_its_types() {
    let rules = right(&[TEXT]);
    let wrong =
        |expr: &Expr, text: &str| check_with(expr, text, &|_| Ok(Vec::new())).err().map(|error| error.to_string());
    for of in &rules.macros {
        assert_eq!(wrong(&of.condition, &of.text.text), None, "{}", of.name);
    }
    for rule in &rules.rules {
        let error = match &*rule.name {
            "Of a field that there is not" => Some("unknown field `proc.no_such_field`".to_owned()),
            "Of another source" => Some("unknown field `ka.verb`".to_owned()),
            _ => None,
        };
        assert_eq!(wrong(&rule.condition, &rule.text.text), error, "{}", rule.name);
    }
}

#[test]
fn what_it_changes_is_changed() {
    let rules = right(&[TEXT]);
    let rule = |name: &str| rules.rules.iter().find(|rule| rule.name == name).expect(name);
    let opened =
        "evt.type in (open, openat, openat2) and fd.typechar = \"f\" and fd.num >= 0 and evt.is_open_exec = true";
    let run = rule("Opened to be run");
    assert_eq!(
        run.condition.to_string(),
        format!("{opened} and evt.num > 0 and not (evt.num = 0 or proc.name in (backup))")
    );
    assert_eq!(
        (&*run.about.output, &*run.about.desc),
        ("Opened to be run by %proc.name", "To be changed below. And so it is.")
    );
    assert_eq!((run.about.priority, &*run.about.tags), ("INFORMATIONAL", &["changed".to_owned()][..]));
    assert!(rule("Inbound").about.enabled);

    let written = rule("System directory written").condition.to_string();
    let exceptions = "and not proc.name in (ldconfig, \"two words\", ash, bash, dash, fish, sh, zsh, ksh) \
        and not fd.name startswith oneof (/usr/lib/cache, /usr/lib/state) \
        and not (proc.name = tar and fd.directory startswith /usr/lib and user.name in (root, builder) \
        or proc.name = cp and fd.directory startswith \"/usr/share/my files\" and user.name in (root)) \
        and not (proc.pname = make and fd.filename = libx.so or proc.pname = ninja and fd.filename = \"lib y.so\") \
        and not proc.name in (apk, apt, dnf, dpkg, rpm)";
    assert!(written.ends_with(exceptions), "{written}");

    let trusted = rules.lists.iter().find(|list| list.name == "trusted_programs").expect("trusted_programs");
    let items: Vec<_> = trusted.items.iter().map(|item| &**item).collect();
    assert_eq!(
        items,
        ["apk", "apt", "dnf", "dpkg", "rpm", "journald", "log rotate", "quoted one", "single quoted", "systemd"]
    );
}
