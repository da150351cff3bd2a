// SPDX-License-Identifier: Apache-2.0
//! What a driver repository looks like: the agent's own modules, so that what is laid out is what is asked for. Not package
//! `agent` itself, which is large.

#[expect(unreachable_pub, reason = "it is public in the agent")]
#[cfg_attr(not(test), expect(dead_code, reason = "the agent uses the rest"))]
#[path = "../../agent/src/driver/host.rs"]
pub(crate) mod host;
#[expect(dead_code, unreachable_pub, reason = "the agent uses the rest")]
#[path = "../../agent/src/driver/manifest.rs"]
pub(crate) mod manifest;
#[expect(unreachable_pub, reason = "it is public in the agent")]
#[cfg_attr(not(test), expect(dead_code, reason = "the agent uses the rest"))]
#[path = "../../agent/src/driver/url.rs"]
pub(crate) mod url;
