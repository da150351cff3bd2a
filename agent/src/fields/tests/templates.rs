// SPDX-License-Identifier: Apache-2.0
//! Lines that templates make of events.

use super::fixture::{Fixture, directory, regular, text, word};
use crate::output::template::Template;

fn open() -> Fixture {
    let args = [("dirfd", word(-100)), ("name", text("/tmp/a\nb\u{1b}[2J")), ("flags", word(0))];
    Fixture::new("openat", 3, &args).files(None, Some(regular("/tmp/a\nb\u{1b}[2J")))
}

fn text_of(template: &Template, fixture: &Fixture) -> String {
    let mut out = Vec::new();
    fixture.with(|event| template.text(event, &mut out));
    String::from_utf8(out).expect("UTF-8")
}

fn json_of(template: &Template, fixture: &Fixture) -> String {
    let mut out = Vec::new();
    fixture.with(|event| template.json(event, &mut out));
    let _: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn columns() {
    let template =
        Template::fields("evt.time, proc.name,proc.aname[2],proc.aname[9],fd.name,evt.time").expect("fields");
    let mut header = Vec::new();
    template.header(&mut header);
    assert_eq!(header, b"evt.time proc.name proc.aname[2] proc.aname[9] fd.name evt.time\n");
    assert_eq!(
        text_of(&template, &open()),
        "10:15:24.000207862 bash init <NA> /tmp/a\\nb\\x1b[2J 10:15:24.000207862\n"
    );
    assert_eq!(
        json_of(&template, &open()),
        "{\"evt.time\":1785579324000207862,\"proc.name\":\"bash\",\"proc.aname[2]\":\"init\",\"proc.aname[9]\":null,\
         \"fd.name\":\"/tmp/a\\nb\\u001b[2J\"}\n"
    );
}

#[test]
fn formats() {
    let template =
        Template::parse("*%evt.time %proc.name(%proc.pid) %8evt.type|%2proc.name| %fd.sip 100%%").expect("a format");
    assert_eq!(text_of(&template, &open()), "10:15:24.000207862 bash(1234) openat  |ba| <NA> 100%\n");
    let mut header = Vec::new();
    template.header(&mut header);
    assert!(header.is_empty());
    let template = Template::parse("%proc.pid \"%fd.name\" %fd.sip.name").expect("a format");
    assert_eq!(
        json_of(&template, &open()),
        "{\"output\":\"1234 \\\"/tmp/a\\\\nb\\\\x1b[2J\\\" <NA>\",\"output_fields\":{\"proc.pid\":1234,\
         \"fd.name\":\"/tmp/a\\nb\\u001b[2J\",\"fd.sip.name\":null}}\n"
    );
    let plain = Template::parse("nothing of it").expect("a format");
    assert_eq!(json_of(&plain, &open()), "{\"output\":\"nothing of it\",\"output_fields\":{}}\n");
}

#[test]
fn what_is_not_utf8_is_said() {
    let mut file = directory("");
    file.kind = crate::metadata::file::FileKind::Named(Some(Box::from(*b"/\xff\\")));
    let fixture = Fixture::new("fstat", 0, &[("fd", word(3))]).files(Some(file), None);
    let template = Template::fields("fd.num,fd.name").expect("fields");
    assert_eq!(
        json_of(&template, &fixture),
        "{\"fd.num\":3,\"fd.name\":\"/\\\\xff\\\\\\\\\",\"escaped\":[\"fd.name\"]}\n"
    );
    assert_eq!(text_of(&template, &fixture), "3 /\\xff\\\\\n");
}
