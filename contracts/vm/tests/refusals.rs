//! What the verifier refuses: one text for each way in which a contract could do wrong, with the rule and the line that it names.

use seaway_types::Bounded;
use seaway_types::contract::{Action, Code, Op};
use seaway_vm::{Program, Refused, Rule, text};

/// A contract with these states, over a buyer and a seller, with the usual blanks.
fn contract(states: &str) -> String {
    format!(
        "contract Trial v1\n  parties buyer, seller\n  panel arbiters = 2 of 3\n  assets C, D\n  param price: Money(C)\n  \
         param cut: Ratio\n  param any: Ratio\n  param rate: Rate(C, D)\n  param t: Time\n  param t2: Time\n  param n: Int\n  \
         param lock: Hash\n  param wait: Duration\n  where cut <= 1\n  counter left = n\n  var used: Money(C) = 0 C\n{states}"
    )
}

/// A contract in which one clause of the second state does this with what the buyer paid in.
fn clause(body: &str) -> String {
    contract(&format!(
        "  state one until t else\n    close\n    clause \"1. Pay\" by buyer\n      deposit price from buyer\n      goto two\n  \
         state two until t2 else\n    close\n    clause \"2. Do\" by seller (x: Money(C), i: Int, h: Hash)\n{body}\n"
    ))
}

/// A contract whose second state ends so.
fn timeout(body: &str) -> String {
    contract(&format!(
        "  state one until t else\n    close\n    clause \"1. Pay\" by buyer\n      deposit price from buyer\n      goto two\n  \
         state two until t2 else\n{body}\n"
    ))
}

fn verdict(source: &str) -> Result<(), (Rule, String)> {
    let read = text::read(source).unwrap_or_else(|fault| panic!("{}", text::shown(source, fault.at, &fault.what)));
    match Program::from_code(read.code) {
        Ok(_) => Ok(()),
        Err(Refused::Faults(faults)) => {
            let first = &faults[0];
            let line = read.places.find(first.place).line as usize;
            Err((first.rule, source.lines().nth(line - 1).unwrap_or("").trim().to_owned()))
        }
        Err(other) => panic!("{other:?}"),
    }
}

/// Expects a rule and the beginning of the line that is named.
fn refused(source: &str, rule: Rule, line: &str) {
    match verdict(source) {
        Ok(()) => panic!("accepted:\n{source}"),
        Err((found, at)) => {
            assert_eq!(found, rule, "{at}\n{source}");
            assert!(at.starts_with(line), "it names '{at}', not '{line}'\n{source}");
        }
    }
}

fn accepted(source: &str) {
    assert_eq!(verdict(source), Ok(()), "{source}");
}

#[test]
fn funds_that_may_not_be_there() {
    for body in [
        "pay x from buyer to seller\nclose",
        "pay price + 1 C from buyer to seller\nclose",
        "pay price from seller to buyer\nclose",
        "pay price from buyer to seller\npay price from buyer to seller\nclose",
        "require x <= pot(buyer, C)\npay x from buyer to seller\npay x from buyer to seller\nclose",
        "require x <= pot(seller, C)\npay x from buyer to seller\nclose",
        "require x >= pot(buyer, C)\npay x from buyer to seller\nclose",
        "require x <= pot(buyer, C) or i > 0\npay x from buyer to seller\nclose",
        "require not (x <= pot(buyer, C))\npay x from buyer to seller\nclose",
        "let ok = x <= pot(buyer, C)\npay up_to x from buyer to seller\nrequire ok\npay x from buyer to seller\nclose",
        "pay muldiv(price, any, floor) from buyer to seller\nclose",
        "pay price * 2 from buyer to seller\nclose",
        "pay price * i from buyer to seller\nclose",
        "pay max(price, x) from buyer to seller\nclose",
        "pay convert(price, rate, floor) from buyer to seller\nclose",
        "when x <= pot(buyer, C) then\nclose\nelse\npay x from buyer to seller\nclose",
        "pay used from buyer to seller\nclose",
        "move rest C from buyer to seller\npay price from buyer to seller\nclose",
    ] {
        refused(&clause(body), Rule::Funding, "pay");
    }
    refused(&clause("move x from buyer to seller\nclose"), Rule::Funding, "move");
    refused(&timeout("pay price + price from buyer to seller\nclose"), Rule::Total, "pay");
    refused(
        &contract(
            "  state one until t else\n    pay price from buyer to seller\n    close\n    clause \"1\" by buyer\n      deposit price from buyer\n      stay\n",
        ),
        Rule::Funding,
        "pay price",
    );
}

#[test]
fn funds_that_are_certainly_there() {
    for body in [
        "pay price from buyer to seller\nclose",
        "pay rest C from buyer to seller\nclose",
        "pay up_to x from buyer to seller\nclose",
        "require x <= pot(buyer, C)\npay x from buyer to seller\nclose",
        "require x < pot(buyer, C) and i > 0\npay x from buyer to seller\nclose",
        "require pot(buyer, C) >= x\npay x from buyer to seller\nclose",
        "require x <= price\npay x from buyer to seller\nclose",
        "let fee = muldiv(price, cut, half_even)\npay fee from buyer to seller\npay price - fee from buyer to seller\nclose",
        "pay min(x, price) from buyer to seller\nclose",
        "let half = price / 2\npay half from buyer to seller\npay half from buyer to seller\nclose",
        "move price from buyer to seller\npay price from seller to buyer\nclose",
        "move rest C from buyer to seller\npay price from seller to buyer\nclose",
        "when x <= pot(buyer, C) then\npay x from buyer to seller\nclose\nelse\nclose",
        "let most = min(x, pot(buyer, C))\nset used = most\npay used from buyer to seller\nclose",
    ] {
        // Half twice cannot be shown by this arithmetic, and says so.
        if body.contains("half from buyer to seller\npay half") {
            refused(&clause(body), Rule::Funding, "pay half");
        } else {
            accepted(&clause(body));
        }
    }
    accepted(&timeout("pay price from buyer to seller\nclose"));
    accepted(&timeout("pay muldiv(price, cut, floor) from buyer to seller\npay rest C from buyer to seller\nclose"));
}

#[test]
fn timeouts_that_could_fail_or_stay() {
    for (body, line) in [
        ("stay", "stay"),
        ("require price > 0 C\nclose", "require"),
        ("pull price from buyer\nclose", "pull"),
        ("pay up_to price * 2 from buyer to seller\nclose", "pay"),
        ("pay up_to price - used from buyer to seller\nclose", "pay"),
        ("pay up_to price / n from buyer to seller\nclose", "pay"),
        ("set used = used + price\nclose", "set"),
        ("pay up_to muldiv(price, any, floor) from buyer to seller\nclose", "pay"),
        ("emit \"out\" convert(price, rate, floor)\nclose", "emit"),
        ("when n + 1 > 2 then\nclose\nelse\nclose", "when"),
        ("try pull price + price from buyer then\nclose\nelse\nclose", "try pull"),
    ] {
        refused(&timeout(body), Rule::Total, line);
    }
    refused(&timeout("deposit price from buyer\nclose"), Rule::Total, "deposit");
    accepted(&timeout("try pull price from buyer then\npay price from buyer to seller\nclose\nelse\nclose"));
}

#[test]
fn loops_without_a_bound() {
    refused(&timeout("goto one"), Rule::Edges, "goto one");
    refused(&timeout("goto two"), Rule::Edges, "goto two");
    accepted(&timeout("again left to one else\nclose"));
    accepted(&clause("goto one"));
    let relative = contract(
        "  state one until entered + wait else\n    close\n    clause \"1. Again\" by buyer\n      goto one\n",
    );
    refused(&relative, Rule::Edges, "goto one");
    let across = contract(
        "  state one until t else\n    goto two\n  state two until entered + wait else\n    close\n    clause \"1. Back\" by \
         buyer\n      goto one\n",
    );
    refused(&across, Rule::Edges, "goto one");
}

#[test]
fn money_of_whoever_does_not_sign() {
    refused(&clause("deposit price from buyer\nclose"), Rule::Consent, "deposit");
    let either = contract(
        "  state one until t else\n    close\n    clause \"1. Pay\" by buyer | seller\n      deposit price from buyer\n      stay\n",
    );
    refused(&either, Rule::Consent, "deposit");
    let open = |actor: &str, body: &str| {
        format!(
            "contract Open v1\n  parties maker\n  caller taker\n  assets C\n  param t: Time\n  state one until t else\n    \
             close\n    clause \"1\" by {actor} (x: Money(C))\n{body}\n"
        )
    };
    accepted(&open("taker", "deposit x from taker\npay x from taker to maker\nstay"));
    refused(&open("maker", "deposit x from taker\nstay"), Rule::Consent, "deposit");
    refused(&open("anyone", "pay rest C from maker to taker\nstay"), Rule::Consent, "pay rest C from maker to taker");
    refused(&open("taker", "pull x from taker\nstay"), Rule::Consent, "pull");
    refused(&open("maker", "emit \"pot\" pot(taker, C)\nstay"), Rule::Consent, "emit");
}

#[test]
fn types_and_assets_that_do_not_fit() {
    for body in [
        "require x\nclose",
        "require x <= i\nclose",
        "let y = x + i\nclose",
        "let y = x * x\nclose",
        "let y = 5 C + 5 D\nclose",
        "let y = muldiv(x, rate, floor)\nclose",
        "let y = convert(x, cut, floor)\nclose",
        "let y = convert(5 D, rate, floor)\nclose",
        "let y = convert_back(x, rate, floor)\nclose",
        "let y = convert(x, rate, half_even)\nclose",
        "let y = sha256(i)\nclose",
        "let y = not i\nclose",
        "let y = t + t2\nclose",
        "require cut <= 2\nclose",
        "require cut == any\nclose",
        "let y = cut * 2\nclose",
        "set used = 5 D\nclose",
        "set left = 5\nclose",
        "pay i from buyer to seller\nclose",
        "when x then\nclose\nelse\nclose",
    ] {
        let first = body.split_whitespace().next().unwrap();
        refused(&clause(body), Rule::Types, first);
    }
    refused(&clause("let y = cut\nclose"), Rule::Rates, "let y");
    refused(&timeout("again used to one else\nclose"), Rule::Types, "again");
}

#[test]
fn deadlines_and_beginnings_that_are_not_fixed() {
    for (deadline, rule) in [
        ("n", Rule::Types),
        ("entered + n", Rule::Types),
        ("add_months(n, 1, 0)", Rule::Types),
        ("add_months(entered, wait, 0)", Rule::Types),
        ("add_banking_days(t, n / 2, C)", Rule::Fixed),
    ] {
        let source = contract(&format!("  state one until {deadline} else\n    close\n"));
        refused(&source, rule, "state one");
    }
    for header in ["  var v: Time = now\n", "  var v: Money(C) = pot(buyer, C)\n", "  var v: Money(C) = used\n"] {
        refused(&contract(&format!("{header}  state one until t else\n    close\n")), Rule::Fixed, "var v");
    }
    refused(&contract("  var v: Ratio = cut\n  state one until t else\n    close\n"), Rule::Rates, "var v");
}

#[test]
fn names_and_bounds() {
    for (source, rule) in [
        (contract("  var price: Int = 1\n  state one until t else\n    close\n"), Rule::Form),
        (contract("  state one until t else\n    close\n  state one until t else\n    close\n"), Rule::Form),
        (contract("  state close until t else\n    close\n"), Rule::Form),
        (clause("let price = x\nclose"), Rule::Form),
        (clause("move price from buyer to buyer\nclose"), Rule::Form),
        (contract("").replace("2 of 3", "4 of 3") + "  state one until t else\n    close\n", Rule::Bounds),
        (contract("").replace("2 of 3", "0 of 3") + "  state one until t else\n    close\n", Rule::Bounds),
        (contract("").replace("2 of 3", "2 of 17") + "  state one until t else\n    close\n", Rule::Bounds),
        (contract(""), Rule::Form),
    ] {
        let found = verdict(&source);
        assert_eq!(found.as_ref().map_err(|(rule, _)| *rule), Err(rule), "{source}");
    }
    let long = |actions: usize| clause(&("emit \"x\" x\n".repeat(actions) + "close"));
    accepted(&long(16));
    assert!(text::read(&long(17)).is_err());
    let split = clause(
        &("emit \"x\" x\n".repeat(9) + "when i > 0 then\n" + &"emit \"y\" x\n".repeat(8) + "close\nelse\nclose"),
    );
    refused(&split, Rule::Bounds, "close");
}

#[test]
fn texts_are_refused_at_the_place_that_is_wrong() {
    for (source, line, column, what) in [
        ("contract", 1, 9, "a name"),
        ("contract X 1", 1, 12, "an edition"),
        ("contract X v1\n  parties a\n  assets C\n  param p: Monei(C)", 4, 12, "a type"),
        ("contract X v1\n  parties a\n  assets C\n  state s until t else close", 4, 17, "no parameter 't'"),
        ("contract X v1 parties a assets C param t: Time state s until t else goto q", 1, 74, "no state 'q'"),
        (
            "contract X v1 parties a assets C param t: Time state s until t else pay 5 D from a to a close",
            1,
            75,
            "'from'",
        ),
        ("contract X v1 parties a assets C # comment", 1, 34, "no meaning"),
        ("contract X v1 parties a assets C param t: Time where t < 99999999999999999999", 1, 58, "64 bits"),
        ("contract X v1 parties a assets C param t: Time state s until t else emit \"open", 1, 74, "quotation"),
        ("contract X v1 parties a assets C param t: Time state s until t else close close", 1, 75, "the end"),
    ] {
        let fault = text::read(source).expect_err(source);
        assert_eq!((fault.at.line, fault.at.column), (line, column), "{source}: {fault}");
        assert!(fault.what.contains(what), "{fault}");
    }
    let deep = format!("contract X v1 parties a assets C param t: Time where {}true", "(".repeat(10_000));
    assert!(text::read(&deep).is_err());
    let nots = format!("contract X v1 parties a assets C param t: Time where {}true", "not ".repeat(10_000));
    assert!(text::read(&nots).is_err());
    assert!(text::read(&"x".repeat(70_000)).is_err());
}

/// Found by attack: bounds multiply, and a proof that tried them all took hours. There is a budget now.
#[test]
fn proofs_that_would_take_for_ever() {
    let lets: String = (1..15)
        .map(|n| {
            let x = format!("x{}", n - 1);
            format!("let x{n} = min(min(min({x}, {x} + 1 C), min({x}, {x} + 2 C)), min({x}, {x} + 3 C))\n")
        })
        .collect();
    let source = clause(&format!("let x0 = pot(seller, C)\n{lets}pay x14 from buyer to seller\nclose"));
    let read = text::read(&source).unwrap();
    assert!(Program::from_code(read.code).is_err());
}

/// Found by attack: an offset that follows a counter could leave its range after the opening was accepted.
#[test]
fn offsets_that_move() {
    let source = contract("  state one until add_months(entered, 1, 0 - left * 600) else\n    close\n");
    refused(&source, Rule::Fixed, "state one");
}

/// Found by attack: ways in circles, none of which ends, were walked for ever.
#[test]
fn outcomes_of_circles_have_an_end() {
    let jumps: String = (0..8).map(|n| format!("    clause \"{n}\" by buyer\n      goto s{n}\n")).collect();
    let states: String = (0..8).map(|n| format!("  state s{n} until t else\n    goto last\n{jumps}")).collect();
    let source = contract(&format!("{states}  state last until t else\n    close\n"));
    let program = Program::from_code(text::read(&source).unwrap().code).unwrap();
    let table = seaway_vm::tell::outcomes(&program, None);
    assert!(table.more);
}

/// Found by attack: code whose text was longer than texts may be, or nested deeper.
#[test]
fn code_whose_text_cannot_be_read() {
    let deep = format!("{}h{}", "sha256(".repeat(31), ")".repeat(31));
    let source = clause(&format!("emit \"deep\" {deep}\nclose"));
    let fits = text::read(&source).is_ok_and(|read| Program::from_code(read.code).is_ok());
    let shallow = clause("emit \"deep\" sha256(sha256(h))\nclose");
    accepted(&shallow);
    assert!(!fits, "the parser refuses it");
    // What the parser refuses, bytes cannot bring in either.
    let mut code = text::read(&shallow).unwrap().code;
    in_emit(&mut code, |ops| ops.extend(std::iter::repeat_n(Op::Sha256, 29)));
    match Program::from_code(code) {
        Err(Refused::Faults(faults)) => assert_eq!(faults[0].rule, Rule::Form, "{faults:?}"),
        other => panic!("{other:?}"),
    }
}

/// Changes the expression that a clause of the second state emits.
fn in_emit(code: &mut Code, change: impl FnOnce(&mut Vec<Op>)) {
    let mut states = std::mem::take(&mut code.states).into_inner();
    let mut clauses = std::mem::take(&mut states[1].clauses).into_inner();
    let mut body = std::mem::take(&mut clauses[0].body).into_inner();
    let mut actions = std::mem::take(&mut body[0].actions).into_inner();
    let Action::Emit(_, expression) = &mut actions[0] else { panic!("an emit stands first") };
    let mut ops = std::mem::take(expression).into_inner();
    change(&mut ops);
    *expression = Bounded::new(ops).unwrap();
    body[0].actions = Bounded::new(actions).unwrap();
    clauses[0].body = Bounded::new(body).unwrap();
    states[1].clauses = Bounded::new(clauses).unwrap();
    code.states = Bounded::new(states).unwrap();
}
