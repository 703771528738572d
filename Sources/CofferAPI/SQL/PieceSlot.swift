import Synchronization

/// Passes pieces from the task that makes them to the one that sends them, one at a time.
final class PieceSlot: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var end: Result<Void, any Error>?
        /// The maker is not to wait any more.
        var isWoken = false
        var maker: CheckedContinuation<Void, Never>?
        var taker: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Puts a piece in and waits until it has been taken, or ``wake()`` was called. For one task.
    func put(_ bytes: [UInt8]) async {
        await withCheckedContinuation { maker in
            let (taker, mayGoOn) = state.withLock { state in
                state.bytes.append(contentsOf: bytes)
                if !state.isWoken { state.maker = maker }
                return (state.taker.take(), state.isWoken)
            }
            taker?.resume()
            if mayGoOn { maker.resume() }
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
    func finish(_ bytes: [UInt8]) {
        end { state in
            state.bytes.append(contentsOf: bytes)
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

    /// Takes what is there, waited for if need be, and says whether it was the last. For one task.
    ///
    /// - Throws: what it was failed with, when all else is taken.
    func take() async throws -> (bytes: [UInt8], isLast: Bool) {
        await withCheckedContinuation { taker in
            let isThere = state.withLock { state in
                if !state.bytes.isEmpty || state.end != nil { return true }
                state.taker = taker
                return false
            }
            if isThere { taker.resume() }
        }
        let (bytes, end, maker) = state.withLock { state in
            defer { state.bytes = [] }
            return (state.bytes, state.end, state.maker.take())
        }
        maker?.resume()
        if bytes.isEmpty, case .failure(let error)? = end { throw error }
        guard case .success? = end else { return (bytes, false) }
        return (bytes, true)
    }
}
