// SPDX-License-Identifier: Apache-2.0
//! What the parser makes of conditions, and what it says of wrong ones.

mod bounds;
mod errors;
mod grammar;
