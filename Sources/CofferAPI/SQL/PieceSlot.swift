import JSON
import Synchronization

/// Passes pieces from the task that makes them to the one that sends them. One lies here while the next is made.
final class PieceSlot: Sendable {
    private struct State {
        var pieces: [Bytes] = []
        var end: Result<Void, any Error>?
        /// The maker is not to wait any more.
        var isWoken = false
        var maker: CheckedContinuation<Void, Never>?
        var taker: CheckedContinuation<Void, Never>?

        var isFull: Bool { pieces.count > 1 && !isWoken }
        var isEmpty: Bool { pieces.isEmpty && end == nil }
    }

    private let state = Mutex(State())

    /// Puts a piece in and waits, if there is another before it, until that has been taken or ``wake()`` was called.
    /// For one task.
    func put(_ bytes: Bytes) async {
        let (taker, isFull) = state.withLock { state in
            state.pieces.append(bytes)
            return (state.taker.take(), state.isFull)
        }
        taker?.resume()
        guard isFull else { return }
        await withCheckedContinuation { maker in
            let isFull = state.withLock { state in
                if state.isFull { state.maker = maker }
                return state.isFull
            }
            if !isFull { maker.resume() }
        }
    }

    /// From now on nobody waits for a piece to be taken.
    func wake() {
        let maker = state.withLock { state in
            state.isWoken = true
            return state.maker.take()
        }
        maker?.resume()
    }

    /// Puts the last piece in, and does not wait.
    func finish(_ bytes: Bytes) {
        end { state in
            state.pieces.append(bytes)
            state.end = .success(())
        }
    }

    /// Ends without a last piece.
    func fail(_ error: any Error) {
        end { $0.end = .failure(error) }
    }

    private func end(_ change: (inout State) -> Void) {
        let taker = state.withLock { state in
            change(&state)
            return state.taker.take()
        }
        taker?.resume()
    }

    /// Takes the next piece, waited for if need be, and says whether it was the last. For one task.
    ///
    /// - Throws: what it was failed with, when all else is taken.
    func take() async throws -> (bytes: Bytes, isLast: Bool) {
        if state.withLock({ $0.isEmpty }) { await waitForPiece() }
        let (bytes, end, maker) = state.withLock { state in
            let bytes = state.pieces.isEmpty ? nil : state.pieces.removeFirst()
            return (bytes, state.pieces.isEmpty ? state.end : nil, state.maker.take())
        }
        maker?.resume()
        guard let bytes else {
            try end?.get()
            return (Bytes([]), true)
        }
        guard case .success? = end else { return (bytes, false) }
        return (bytes, true)
    }

    private func waitForPiece() async {
        await withCheckedContinuation { taker in
            let isEmpty = state.withLock { state in
                if state.isEmpty { state.taker = taker }
                return state.isEmpty
            }
            if !isEmpty { taker.resume() }
        }
    }
}
