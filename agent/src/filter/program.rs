// SPDX-License-Identifier: Apache-2.0
//! A tree of comparisons as steps that lead on to one another: each to a later one, whether it passes or not, until one
//! ends it. So evaluating is a loop, and takes as many steps as comparisons count.

use super::condition::{CallArg, Condition, Node, Operand, Wanted};

/// Leads to the end: it holds.
pub(super) const YES: u32 = u32::MAX;
/// Leads to the end: it does not hold.
pub(super) const NO: u32 = u32::MAX - 1;
/// Stands for no cell: the value is asked for but once, and need not be kept.
pub(super) const UNKEPT: u32 = u32::MAX;

/// A condition, or a part of one, made ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Program {
    /// The last is the first to be taken.
    pub(super) steps: Box<[Step]>,
    /// Where it begins: the last step, or an end.
    pub(super) entry: u32,
    /// The cell of each operand's value, or [`UNKEPT`].
    pub(super) cells: Box<[u32]>,
    /// How many cells there are.
    pub(super) kept: usize,
}

/// A comparison, and where it leads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    /// Index into [`Condition::tests`].
    pub(super) test: u32,
    /// The cell of its operand's value, or [`UNKEPT`].
    pub(super) cell: u32,
    /// The step that follows when it passes, or an end.
    pub(super) yes: u32,
    /// The step that follows when it does not.
    pub(super) no: u32,
}

impl Condition {
    /// Programs for trees of this condition's comparisons. Comparisons of the same value are made one where they can be,
    /// and long texts are looked at after what they begin with; comparisons that are needed for it are entered behind those
    /// that are there.
    #[must_use]
    pub fn programs(&mut self, trees: &[Node]) -> Vec<Program> {
        let trees = self.fused(trees);
        self.guarded(&trees).iter().map(|tree| self.program(tree)).collect()
    }

    /// A program for a tree as it is.
    #[must_use]
    pub fn program(&self, tree: &Node) -> Program {
        let mut steps = Vec::new();
        let entry = emit(tree, YES, NO, &mut steps);
        let mut uses = vec![0_u32; self.operands.len()];
        for step in &steps {
            if let Some(test) = self.tests.get(step.test as usize) {
                self.used(test.operand, &mut uses);
                if let Wanted::Operand(_, other) = test.wanted {
                    self.used(other, &mut uses);
                }
            }
        }
        let mut kept = 0;
        let cells: Box<[u32]> = uses
            .into_iter()
            .map(|uses| {
                if uses < 2 {
                    return UNKEPT;
                }
                kept += 1;
                kept - 1
            })
            .collect();
        for step in &mut steps {
            let operand = self.tests.get(step.test as usize).map(|test| test.operand);
            step.cell = operand.and_then(|operand| cells.get(operand).copied()).unwrap_or(UNKEPT);
        }
        Program { steps: steps.into(), entry, cells, kept: kept as usize }
    }

    /// Counts a use of an operand, and of those that it is made of.
    fn used(&self, operand: usize, uses: &mut [u32]) {
        if let Some(uses) = uses.get_mut(operand) {
            *uses += 1;
        }
        if let Some(Operand::Call(_, args)) = self.operands.get(operand) {
            for arg in args {
                self.arg_used(arg, uses);
            }
        }
    }

    fn arg_used(&self, arg: &CallArg, uses: &mut [u32]) {
        match arg {
            CallArg::Operand(operand) => self.used(*operand, uses),
            CallArg::Text(_) => {}
            CallArg::List(args) => {
                for arg in args {
                    self.arg_used(arg, uses);
                }
            }
        }
    }
}

/// Writes the steps of `node`, which lead to `yes` and `no`, and tells where it begins.
fn emit(node: &Node, yes: u32, no: u32, steps: &mut Vec<Step>) -> u32 {
    match node {
        Node::Const(true) => yes,
        Node::Const(false) => no,
        Node::And(parts) => parts.iter().rev().fold(yes, |yes, part| emit(part, yes, no, steps)),
        Node::Or(parts) => parts.iter().rev().fold(no, |no, part| emit(part, yes, no, steps)),
        Node::Not(part) => emit(part, no, yes, steps),
        Node::Test(test) => {
            steps.push(Step { test: *test as u32, cell: UNKEPT, yes, no });
            (steps.len() - 1) as u32
        }
    }
}
