// SPDX-License-Identifier: Apache-2.0
//! Lists.

use std::{fmt::Write as _, sync::Arc};

use super::{
    body::{Over, Writer},
    cluster::PodId,
    pod::SimPod,
    selector::Selector,
    shared::Shared,
};

/// Pods that are made at once.
const STEP: usize = 32;

/// What is listed.
pub(super) struct Query {
    pub(super) selector: Selector,
    /// As of this version.
    pub(super) version: u64,
    /// From here on.
    pub(super) start: PodId,
    /// At most so many.
    pub(super) limit: Option<usize>,
    /// Objects that are no pods.
    pub(super) insert: Option<String>,
}

/// Writes a list.
pub(super) async fn write(query: Query, shared: Arc<Shared>, mut out: Writer) -> Result<(), Over> {
    let Query { selector, version, mut start, limit, insert } = query;
    let next_page = limit.and_then(|limit| shared.pods(|pods| pods.page(&selector, version, start, limit).1));
    let token = next_page.map(|next| format!(r#","continue":"{version}.{next}""#)).unwrap_or_default();
    let mut text = format!(
        r#"{{"kind":"PodList","apiVersion":"v1","metadata":{{"resourceVersion":"{version}"{token}}},"items":["#
    );
    let (mut first, mut left) = (true, limit.unwrap_or(usize::MAX));
    if let Some(insert) = insert {
        text.push_str(&insert);
        first = false;
    }
    while left > 0 {
        let (pods, next) = shared.pods(|pods| pods.page(&selector, version, start, STEP.min(left)));
        left -= pods.len();
        for pod in pods {
            if !std::mem::take(&mut first) {
                text.push(',');
            }
            pod.render(&mut text, false);
        }
        out.write(&text).await?;
        text.clear();
        match next {
            Some(next) => start = next,
            None => break,
        }
    }
    writeln!(text, "]}}").expect("a string takes everything");
    out.write(&text).await?;
    out.end().await
}

/// An event of a watch.
pub(super) fn event(text: &mut String, kind: &str, pod: &SimPod) {
    write!(text, r#"{{"type":"{kind}","object":"#).expect("a string takes everything");
    pod.render(text, true);
    text.push_str("}\n");
}
