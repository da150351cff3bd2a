// SPDX-License-Identifier: Apache-2.0
//! A condition with the structure, the fields and the lengths of lists of Falco's "Read sensitive file untrusted".

use std::fmt::Write as _;

use crate::filter::{check::check, condition::Condition, parse::parse};

/// As many names, of which each is like the name of a program.
fn names(what: &str, count: usize) -> String {
    (0..count).fold(String::new(), |mut all, n| {
        let separator = if n == 0 { "" } else { ", " };
        let _ = write!(all, "{separator}{what}-{n}");
        all
    })
}

pub(super) fn condition() -> Condition {
    let kinds = [
        ("account", 67),
        ("become", 5),
        ("packages", 49),
        ("timer", 4),
        ("reader", 29),
        ("sh", 8),
        ("integrity", 7),
        ("tunnel", 1),
        ("mail", 15),
        ("desktop", 4),
        ("script", 2),
        ("other", 5),
        ("database", 4),
        ("cloud", 1),
    ];
    let programs: Vec<_> = kinds.iter().map(|(what, count)| names(what, *count)).collect();
    let text = format!(
        "(evt.type in (open, openat, openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0) \
         and (fd.name in (/etc/shadow, /etc/gshadow, /etc/master.passwd, /etc/security/opasswd) \
              or fd.directory in (/etc/doas.d, /etc/pam.d)) \
         and (not proc.name in ('<NA>', 'N/A')) \
         and not proc.name in ({}) \
         and not (proc.name in (cmp, cp) and proc.pname in (passwd, run-parts)) \
         and not (proc.name in (python, pypy, python3) and proc.cmdline contains deploy) \
         and not (proc.pname=scanner-agent or proc.aname[2]=scanner-agent or proc.aname[3]=scanner-agent \
                  or proc.aname[4]=scanner-agent) \
         and not (proc.aname[2]=config_wrapper or proc.aname[3]=config_wrapper or proc.aname[2]=config-client \
                  or proc.aname[3]=config-client or proc.name=config-client) \
         and not (proc.aname[1] startswith cloud_accounts or proc.aname[2] startswith cloud_accounts \
                  or proc.aname[3] startswith cloud_accounts) \
         and not (proc.name in (cmp, cp) and proc.pname in (passwd, run-parts)) \
         and not (proc.name=perl and proc.args startswith '-e' and proc.args contains '@entry = getpwnam(' \
                  and proc.args contains 'exec ' and proc.args contains '/usr/bin/manual') \
         and not (proc.cmdline startswith 'perl /opt/panel/admin/bin/manager' \
                  or proc.pcmdline startswith 'perl /opt/panel/admin/bin/manager') \
         and not (proc.cmdline startswith 'perl /usr/bin/fonts') \
         and not (proc.cmdline startswith 'perl /opt/storage/bin/driver.pl') \
         and not (proc.cmdline startswith 'perl /usr/share/directory') \
         and not (proc.name=runuser and fd.directory=/etc/pam.d) \
         and not ((proc.aname[2]=bench-linux and proc.name in (awk, cut, grep)) \
                  and (fd.name=/etc/shadow or fd.directory=/etc/pam.d)) \
         and not (evt.num=0) \
         and not ((container.id != host) and container.image.repository in (docker.io/a/agent, docker.io/b/agent))",
        programs.join(", ")
    );
    let expr = parse(&text).unwrap_or_else(|error| unreachable!("{error}"));
    check(&expr, &text).unwrap_or_else(|error| unreachable!("{error}"))
}
