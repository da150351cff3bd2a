// SPDX-License-Identifier: Apache-2.0
//! Fields take no memory but the arena's.

use super::{super::all, values::cases};
use crate::{
    arena::Arena,
    event::Event,
    fields::{ArgRule, Field, reference::Reference},
};

/// A field with arguments that it takes.
fn references(field: &Field) -> Vec<Reference> {
    let name = field.name;
    let texts = match field.arg {
        ArgRule::None => vec![name.to_owned()],
        ArgRule::Index => vec![name.to_owned(), format!("{name}[1]")],
        ArgRule::Key => vec![name.to_owned(), format!("{name}[HOME]")],
        ArgRule::IndexOrKey => vec![name.to_owned(), format!("{name}[1]"), format!("{name}[FROM]")],
        ArgRule::KeyRequired => vec![format!("{name}.tier")],
        ArgRule::IndexOrKeyRequired => {
            vec![format!("{name}[0]"), format!("{name}[/a*]"), format!("{name}[/host/proc]")]
        }
        ArgRule::Call => {
            let names = ["res", "fd", "name", "flags", "mode", "addr", "data", "resolve", "sv", "rlim", "argv"];
            let by_name = names.iter().map(|arg| format!("{name}.{arg}"));
            by_name
                .chain((0..4).map(|n| format!("{name}[{n}]")))
                .filter(|text| text.parse::<Reference>().is_ok())
                .collect()
        }
        ArgRule::Syscall => vec![format!("{name}.openat")],
    };
    texts.iter().map(|text| text.parse().expect(text)).collect()
}

#[test]
fn reading_every_field_allocates_nothing() {
    let references: Vec<_> = all().iter().flat_map(|field| references(field)).collect();
    let read = |event: &Event<'_>| references.iter().filter(|reference| !reference.get(event).is_missing()).count();
    let (mut arena, mut found) = (Arena::default(), 0);
    for (fixture, _) in cases() {
        // The arena grows to what the event needs.
        found += fixture.within(&arena, read);
        arena.reset();
        let again = allocation_counter::measure(|| {
            fixture.within(&arena, read);
            arena.reset();
        });
        fixture.within(&arena, |event| {
            for reference in &references {
                let count = allocation_counter::measure(|| {
                    std::hint::black_box(reference.get(event));
                })
                .count_total;
                assert_eq!(count, 0, "{reference} of {:?}", event.raw.name());
            }
        });
        arena.reset();
        assert_eq!(again.count_total, 0, "{:?}", fixture.within(&arena, |event| event.raw.name()));
    }
    // Otherwise there was nothing to measure.
    assert!(found > 1000, "{found}");
}
