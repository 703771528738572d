import CofferTesting
import Testing
import Workers

@testable import CofferAPI

@Suite("Pieces of a stream, from their maker to their sender")
struct PieceSlotTests {
    private struct Failure: Error {}

    /// A maker of pieces, and what it has got to.
    private func making(
        _ body: @escaping @Sendable (PieceSlot) async -> Void
    ) async throws -> (slot: PieceSlot, executor: StepExecutor, maker: Attempt<Void>) {
        let slot = PieceSlot()
        let executor = StepExecutor()
        let maker = executor.start { await body(slot) }
        executor.run()
        return (slot, executor, maker)
    }

    @Test("one lies there while the next is made, and not more") func bound() async throws {
        let (slot, executor, maker) = try await making { slot in
            for piece in 1...3 { await slot.put([UInt8(piece)]) }
        }
        #expect(!maker.isOver)
        #expect(try await slot.take() == ([1], false))
        executor.run()
        #expect(!maker.isOver)
        #expect(try await slot.take() == ([2], false))
        executor.run()
        #expect(maker.isOver)
        slot.finish([4])
        #expect(try await slot.take() == ([3], false))
        #expect(try await slot.take() == ([4], true))
    }

    @Test("a maker that is woken waits no more, and all that it has put is there") func woken() async throws {
        let (slot, executor, maker) = try await making { slot in
            for piece in 1...4 { await slot.put([UInt8(piece)]) }
            slot.finish([5])
        }
        #expect(!maker.isOver)
        slot.wake()
        executor.run()
        #expect(maker.isOver)
        for piece in 1...4 as ClosedRange<UInt8> { #expect(try await slot.take() == ([piece], false)) }
        #expect(try await slot.take() == ([5], true))
    }

    @Test("a failure comes after the pieces before it") func failure() async throws {
        let (slot, _, maker) = try await making { slot in
            await slot.put([1])
            slot.fail(Failure())
        }
        #expect(maker.isOver)
        #expect(try await slot.take() == ([1], false))
        await #expect(throws: Failure.self) { try await slot.take() }
    }

    @Test("who takes waits for a piece, for the last one, and for a failure") func waiting() async throws {
        let ends: [(isLast: Bool?, end: @Sendable (PieceSlot) async -> Void)] = [
            (false, { await $0.put([1]) }), (true, { $0.finish([1]) }), (nil, { $0.fail(Failure()) }),
        ]
        for (isLast, end) in ends {
            let slot = PieceSlot()
            let executor = StepExecutor()
            let taker = executor.start { try await slot.take().isLast }
            executor.run()
            #expect(!taker.isOver)
            await end(slot)
            executor.run()
            #expect(taker.value == isLast)
            #expect(taker.error is Failure == (isLast == nil))
        }
    }
}
