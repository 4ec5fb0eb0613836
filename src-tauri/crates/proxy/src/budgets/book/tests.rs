use super::*;
use proptest::prelude::*;

fn account(name: &str) -> Account {
    Account { budget: format!("p/{name}"), per: Per::Session, holder: "one".into() }
}

fn claim(name: &str, limit: u64, input: u64) -> Claim {
    Claim {
        account: account(name),
        budget: Budget { name: name.into(), limit_tokens: Some(limit), ..Budget::default() },
        seed: Spending::default(),
        input: Spending { tokens: input, usd: 0.0 },
        usd_per_output: 0.0,
        choices: 1,
        watches: false,
    }
}

fn named(tokens: u64) -> Output {
    Output { named: Some(tokens), ceiling: None }
}

fn tokens(amount: u64) -> Spending {
    Spending { tokens: amount, usd: 0.0 }
}

fn total(book: &Book, name: &str) -> u64 {
    let balance = book.balance(&account(name)).unwrap();
    balance.spent.plus(balance.reserved()).tokens
}

#[test]
fn parallel_calls_reserve_only_what_fits() {
    let book = Book::default();
    let outcomes: Vec<_> =
        (0..200).map(|id| book.reserve(ExchangeId(id), &[claim("a", 1_000, 60)], named(40))).collect();
    let granted = outcomes.iter().filter(|outcome| **outcome == Reserving::Granted { cap: None }).count();
    assert_eq!((granted, total(&book, "a")), (10, 1_000));
    assert_eq!(outcomes[10], Reserving::Short { claim: 0, by_others: true });
    book.settle(ExchangeId(0), &[claim("a", 1_000, 60)], |_| Spending::default());
    assert_eq!(book.reserve(ExchangeId(300), &[claim("a", 1_000, 60)], named(40)), Reserving::Granted { cap: None });
    assert_eq!(total(&book, "a"), 1_000);
}

#[test]
fn who_names_no_maximum_is_capped_to_what_remains() {
    let book = Book::default();
    let claims = [claim("a", 1_000, 100)];
    assert_eq!(book.reserve(ExchangeId(1), &claims, Output::default()), Reserving::Granted { cap: Some((900, 0)) });
    book.settle(ExchangeId(1), &claims, |_| tokens(880));
    assert_eq!(book.reserve(ExchangeId(2), &claims, Output::default()), Reserving::Granted { cap: Some((20, 0)) });
    book.settle(ExchangeId(2), &claims, |_| tokens(110));
    assert_eq!(
        book.reserve(ExchangeId(3), &claims, Output::default()),
        Reserving::Short { claim: 0, by_others: false }
    );
}

#[test]
fn what_the_model_cannot_write_needs_no_cap() {
    let book = Book::default();
    let output = Output { named: None, ceiling: Some(500) };
    assert_eq!(book.reserve(ExchangeId(1), &[claim("a", 1_000, 100)], output), Reserving::Granted { cap: None });
    assert_eq!(total(&book, "a"), 600);
}

#[test]
fn a_named_maximum_is_reserved_in_full_unless_the_budget_lowers_it() {
    let book = Book::default();
    let mut claims = [claim("a", 1_000, 100)];
    assert_eq!(book.reserve(ExchangeId(1), &claims, named(901)), Reserving::Short { claim: 0, by_others: false });
    claims[0].budget.capping = Capping::Always;
    assert_eq!(book.reserve(ExchangeId(1), &claims, named(901)), Reserving::Granted { cap: Some((900, 0)) });
}

#[test]
fn of_two_budgets_the_stricter_holds_and_neither_is_taken_alone() {
    let book = Book::default();
    let claims = [claim("a", 1_000, 100), claim("b", 300, 100)];
    assert_eq!(book.reserve(ExchangeId(1), &claims, Output::default()), Reserving::Granted { cap: Some((200, 1)) });
    assert_eq!((total(&book, "a"), total(&book, "b")), (300, 300));
    assert_eq!(book.reserve(ExchangeId(2), &claims, named(50)), Reserving::Short { claim: 1, by_others: true });
    assert_eq!(total(&book, "a"), 300, "nothing of the wider one is taken");
}

#[test]
fn money_is_reserved_at_its_price_and_settled_as_it_came() {
    let book = Book::default();
    let mut one = claim("a", 0, 0);
    one.budget = Budget { limit_usd: Some(0.01), ..Budget::default() };
    one.input = Spending { tokens: 0, usd: 0.004 };
    one.usd_per_output = 0.000_01;
    assert_eq!(
        book.reserve(ExchangeId(1), &[one.clone()], Output::default()),
        Reserving::Granted { cap: Some((600, 0)) }
    );
    book.settle(ExchangeId(1), &[one.clone()], |_| Spending { tokens: 0, usd: 0.005 });
    assert_eq!(book.reserve(ExchangeId(2), &[one], named(101)), Reserving::Short { claim: 0, by_others: false });
}

#[test]
fn what_an_earlier_life_left_open_counts_as_spent() {
    let book = Book::default();
    let open = vec![(ExchangeId(7), tokens(400))];
    book.remember(&[KeptAccount { account: account("a"), spent: tokens(500), at: Timestamp(0), open }]);
    let claims = [claim("a", 1_000, 50)];
    assert_eq!(book.reserve(ExchangeId(8), &claims, Output::default()), Reserving::Granted { cap: Some((50, 0)) });
}

#[test]
fn a_second_call_of_an_exchange_reserves_beside_what_the_first_used() {
    let book = Book::default();
    let mut claims = [claim("a", 1_000, 300)];
    assert_eq!(book.reserve(ExchangeId(1), &claims, Output::default()), Reserving::Granted { cap: Some((700, 0)) });
    // 350 were used, and the next call reads 310.
    claims[0].input = tokens(660);
    assert_eq!(book.reserve(ExchangeId(1), &claims, Output::default()), Reserving::Granted { cap: Some((340, 0)) });
    assert_eq!(total(&book, "a"), 1_000);
    claims[0].input = tokens(995);
    let short = Reserving::Short { claim: 0, by_others: false };
    assert_eq!(book.reserve(ExchangeId(1), &claims, Output::default()), short);
    book.settle(ExchangeId(1), &claims, |_| tokens(640));
    assert_eq!(total(&book, "a"), 640);
}

#[test]
fn what_was_reserved_stays_where_a_second_call_has_no_room() {
    let book = Book::default();
    let mut claims = [claim("a", 1_000, 300)];
    book.reserve(ExchangeId(1), &claims, named(500));
    claims[0].input = tokens(900);
    assert_eq!(book.reserve(ExchangeId(1), &claims, named(500)), Reserving::Short { claim: 0, by_others: false });
    assert_eq!(total(&book, "a"), 800, "the first call may have used it");
}

#[test]
fn each_of_several_answers_is_reserved() {
    let book = Book::default();
    let three = [Claim { choices: 3, ..claim("a", 1_000, 100) }];
    assert_eq!(book.reserve(ExchangeId(1), &three, Output::default()), Reserving::Granted { cap: Some((300, 0)) });
    assert_eq!(total(&book, "a"), 1_000);
    book.settle(ExchangeId(1), &three, |_| Spending::default());
    assert_eq!(book.reserve(ExchangeId(2), &three, named(301)), Reserving::Short { claim: 0, by_others: false });
    assert_eq!(book.reserve(ExchangeId(2), &three, named(300)), Reserving::Granted { cap: None });
}

#[test]
fn an_answer_that_outgrows_its_reservation_is_taken_as_it_came() {
    let book = Book::default();
    let claims = [claim("a", 1_000, 100)];
    book.reserve(ExchangeId(1), &claims, named(200));
    book.came(ExchangeId(1), &claims, |_, _| tokens(150));
    assert_eq!((book.balance(&account("a")).unwrap().used(), total(&book, "a")), (tokens(150), 300));
    book.came(ExchangeId(1), &claims, |_, _| tokens(950));
    assert_eq!((book.balance(&account("a")).unwrap().used(), total(&book, "a")), (tokens(950), 950));
    assert!(matches!(book.reserve(ExchangeId(2), &claims, named(10)), Reserving::Short { by_others: true, .. }));
    book.settle(ExchangeId(1), &claims, |_| tokens(960));
    assert_eq!(book.balance(&account("a")).unwrap().used(), tokens(960), "what came is not counted twice");
}

#[test]
fn a_call_gives_way_to_one_beside_it_as_far_as_its_least_answer() {
    let own = |capping| [Claim { budget: Budget { capping, ..claim("a", 1_000, 0).budget }, ..claim("a", 1_000, 100) }];
    let beside = [claim("a", 1_000, 200)];
    for (capping, output, room) in [
        (Capping::Unnamed, Output::default(), 1_000 - 100 - LEAST_OUTPUT - 200),
        (Capping::Always, named(5_000), 1_000 - 100 - LEAST_OUTPUT - 200),
        (Capping::Unnamed, named(600), 100),
    ] {
        let claims = own(capping);
        let book = Book::default();
        assert!(matches!(book.reserve(ExchangeId(1), &claims, output), Reserving::Granted { .. }));
        let ask = |most| book.reserve_beside((ExchangeId(1), &claims), output, (ExchangeId(2), &beside), most);
        assert_eq!(ask(room + 1), Err(0), "{capping:?} {output:?}");
        assert_eq!(ask(room), Ok(()), "{capping:?} {output:?}");
        assert_eq!(total(&book, "a"), 1_000, "{capping:?} {output:?}");
        book.settle(ExchangeId(2), &beside, |_| tokens(220));
        assert!(matches!(book.reserve(ExchangeId(1), &claims, output), Reserving::Granted { .. }));
        assert!(total(&book, "a") <= 1_000);
    }
}

#[derive(Debug, Clone)]
enum Step {
    Reserve { exchange: i64, input: u64, named: Option<u64>, both: bool },
    Settle { exchange: i64, share: u64 },
    Release { exchange: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let reserve = (0..12i64, 0..200u64, proptest::option::of(1..200u64), any::<bool>())
        .prop_map(|(exchange, input, named, both)| Step::Reserve { exchange, input, named, both });
    let settle = (0..12i64, 0..=100u64).prop_map(|(exchange, share)| Step::Settle { exchange, share });
    let release = (0..12i64).prop_map(|exchange| Step::Release { exchange });
    proptest::collection::vec(prop_oneof![3 => reserve, 2 => settle, 1 => release], 1..80)
}

proptest! {
    /// However calls come, end and fail: what is spent and what is reserved never exceed a limit together, as long as no call uses more
    /// than it reserved.
    #[test]
    fn no_interleaving_exceeds_a_budget(steps in steps()) {
        let book = Book::default();
        let limits = [("a", 1_000), ("b", 700)];
        let mut claims_of: HashMap<i64, Vec<Claim>> = HashMap::new();
        for step in steps {
            match step {
                Step::Reserve { exchange, input, named, both } => {
                    if claims_of.contains_key(&exchange) {
                        continue;
                    }
                    let of = &limits[..if both { 2 } else { 1 }];
                    let claims: Vec<Claim> = of.iter().map(|(name, limit)| claim(name, *limit, input)).collect();
                    let output = Output { named, ceiling: None };
                    if let Reserving::Granted { .. } = book.reserve(ExchangeId(exchange), &claims, output) {
                        claims_of.insert(exchange, claims);
                    }
                }
                Step::Settle { exchange, share } => {
                    let Some(claims) = claims_of.remove(&exchange) else { continue };
                    let reserved = book.open_of(ExchangeId(exchange), &claims);
                    book.settle(ExchangeId(exchange), &claims, |claim| {
                        let (_, amount) = reserved.iter().find(|(account, _)| *account == claim.account).unwrap();
                        tokens(amount.tokens * share / 100)
                    });
                }
                Step::Release { exchange } => {
                    let Some(claims) = claims_of.remove(&exchange) else { continue };
                    book.settle(ExchangeId(exchange), &claims, |_| Spending::default());
                }
            }
            for (name, limit) in limits {
                if book.balance(&account(name)).is_some() {
                    prop_assert!(total(&book, name) <= limit);
                }
            }
        }
        for (exchange, claims) in claims_of {
            book.settle(ExchangeId(exchange), &claims, |_| Spending::default());
        }
        for (name, _) in limits {
            let reserved = book.balance(&account(name)).map_or(0, |balance| balance.reserved().tokens);
            prop_assert_eq!(reserved, 0, "nothing leaks");
        }
    }
}
