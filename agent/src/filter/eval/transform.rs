// SPDX-License-Identifier: Apache-2.0
//! Transformers: `tolower(proc.name)`.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::text;
use crate::{
    arena::Arena,
    fields::{path, value::Value},
    filter::ast::Transformer,
};

/// Base64 with padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a transformer makes of its arguments. A missing one makes it missing, and so does text that is not Base64.
pub(super) fn apply<'e>(transformer: Transformer, args: &'e [Value<'e>], arena: &'e Arena) -> Value<'e> {
    if args.iter().any(Value::is_missing) {
        return Value::Missing;
    }
    let [first, rest @ ..] = args else { return Value::Missing };
    match transformer {
        Transformer::Len => {
            let len =
                if let Value::List(values) = first { Some(values.len()) } else { text(first, arena).map(<[u8]>::len) };
            len.map(|len| len as u64).into()
        }
        Transformer::Join => match (text(first, arena), rest) {
            (Some(separator), [Value::List(values)]) => join(separator, values, arena),
            _ => Value::Missing,
        },
        Transformer::Concat => join(b"", args, arena),
        Transformer::Tolower | Transformer::Toupper | Transformer::B64 | Transformer::Basename => {
            if let Value::List(values) = first {
                return Value::list(arena, values.iter().map(|value| one(transformer, value, arena)));
            }
            one(transformer, first, arena)
        }
    }
}

fn join<'e>(separator: &[u8], values: &[Value<'_>], arena: &'e Arena) -> Value<'e> {
    let write = |out: &mut Vec<u8>| {
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                out.extend_from_slice(separator);
            }
            value.write(out);
        }
    };
    arena.text(write).into()
}

/// What a transformer of one text makes of it.
fn one<'e>(transformer: Transformer, value: &Value<'e>, arena: &'e Arena) -> Value<'e> {
    let Some(text) = text(value, arena) else { return Value::Missing };
    match transformer {
        Transformer::Tolower => arena.text(|out| out.extend(text.iter().map(u8::to_ascii_lowercase))).into(),
        Transformer::Toupper => arena.text(|out| out.extend(text.iter().map(u8::to_ascii_uppercase))).into(),
        Transformer::Basename => path::filename(text).into(),
        Transformer::B64 => arena
            .some_text(|out| {
                out.resize(base64::decoded_len_estimate(text.len()), 0);
                let decoded = BASE64.decode_slice(text, out);
                out.truncate(decoded.as_ref().copied().unwrap_or(0));
                decoded.is_ok()
            })
            .into(),
        // These are not of one text.
        Transformer::Len | Transformer::Join | Transformer::Concat => Value::Missing,
    }
}
