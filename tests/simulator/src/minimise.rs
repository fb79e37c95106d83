//! A smaller plan that breaks the same invariant: whatever is not needed for it is left away.

use crate::course::run;
use crate::plan::Plan;
use crate::world::Weather;
use seaway_judge::Invariant;

/// Takes faults, lies and bad weather away one at a time, from the last on, for as long as the same invariant breaks. `told` hears
/// of each smaller plan.
pub fn minimise(plan: &Plan, broken: Invariant, told: &mut dyn FnMut(&Plan)) -> Plan {
    let breaks = |plan: &Plan| run(plan, &mut |_| ()).violation.is_some_and(|found| found.invariant == broken);
    let mut least = plan.clone();
    loop {
        let smaller = candidates(&least).into_iter().find(breaks);
        match smaller {
            Some(smaller) => {
                told(&smaller);
                least = smaller;
            }
            None => return least,
        }
    }
}

/// Plans with one thing less.
fn candidates(plan: &Plan) -> Vec<Plan> {
    let mut smaller = Vec::new();
    let mut less = |change: &dyn Fn(&mut Plan)| {
        let mut one = plan.clone();
        change(&mut one);
        smaller.push(one);
    };
    for place in (0..plan.faults.len()).rev() {
        less(&|plan| drop(plan.faults.remove(place)));
    }
    for place in (0..plan.adversaries.len()).rev() {
        less(&|plan| {
            plan.adversaries.remove(place);
        });
    }
    let fair = Weather::FAIR;
    if plan.weather.loss_permille > 0 {
        less(&|plan| plan.weather.loss_permille = 0);
    }
    if plan.weather.twice_permille > 0 {
        less(&|plan| plan.weather.twice_permille = 0);
    }
    if (plan.weather.delay_ms_min, plan.weather.delay_ms_max) != (fair.delay_ms_min, fair.delay_ms_max) {
        less(&|plan| (plan.weather.delay_ms_min, plan.weather.delay_ms_max) = (fair.delay_ms_min, fair.delay_ms_max));
    }
    if plan.observers > 0 {
        less(&|plan| plan.observers = 0);
    }
    smaller
}
