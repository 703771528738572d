import CofferTesting
import Testing

@testable import CofferAPI
@testable import UserEngines

@Suite("Readiness")
struct ReadinessTests {
    @Test("the descriptor budget fails its check only while it is spent and somebody waits")
    func budget() async {
        // An odd one is spent when one is left: a connection needs two.
        let budget = DescriptorBudget(capacity: 5, time: ManualTime())
        #expect(Readiness.budget(budget).isPassed)
        #expect(budget.reserveNow(4))
        #expect(Readiness.budget(budget).isPassed, "nobody waits")

        let queued = Gate()
        async let isReserved = budget.reserve(2, timeout: .seconds(10)) { queued.open() }
        await queued.pass()
        let spent = Readiness.budget(budget)
        #expect(!spent.isPassed)
        #expect(spent.name == "descriptor_budget")
        #expect(spent.detail == "4 of 5 in use, 1 engines wait")

        budget.release(4)
        #expect(await isReserved)
        #expect(Readiness.budget(budget).isPassed)
        budget.release(2)
    }
}
