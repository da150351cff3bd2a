// SPDX-License-Identifier: Apache-2.0
//! Cases.

use crate::caller::Caller;

pub(crate) fn cases(_: &Caller) {}
