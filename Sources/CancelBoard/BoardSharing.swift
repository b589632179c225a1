private import CPosixShared

// Where the gateway and the engine are different users, neither may open the other's files. Then each makes sealed
// memory and passes it over a connected Unix socket, the gateway first, once each knows from the kernel who the other
// is. The receiver can read the memory, but never write to it or cut it short under the writer's feet.
//
// The calls wait for the other side: make them on a thread that may wait, with a time limit set on the socket. The
// socket is not needed afterwards.

private enum Tag {
    static let command = UInt8(ascii: "C")
    static let acknowledgement = UInt8(ascii: "A")
}

private func requirePeer(_ socket: Int32, _ user: UInt32) throws(BoardError) {
    var peer: UInt32 = 0
    guard loopguard_peer_user(socket, &peer) == 0 else { throw .last("ask who is at the other end of a socket") }
    guard peer == user else {
        throw .unsafe(path: "the socket", why: "user \(peer) is at the other end, not \(user)")
    }
}

extension BoardOwner {
    /// Passes this board to an engine and takes its acknowledgement region on.
    /// - Parameters:
    ///   - socket: A connected Unix socket.
    ///   - user: The only user to share with.
    public func share(over socket: Int32, withUser user: UInt32) throws(BoardError) {
        try requirePeer(socket, user)
        guard let descriptor = command.descriptor else {
            throw .unsafe(path: "the board", why: "only sealed memory can be shared; make it with createSealed")
        }
        guard loopguard_send_descriptor(socket, descriptor, Tag.command) == 0 else {
            throw .last("pass the board to the engine")
        }
        let received = loopguard_receive_descriptor(socket, Tag.acknowledgement)
        guard received >= 0 else { throw .last("receive the engine's acknowledgements") }
        let memory = try BoardMemory.sealed(receiving: received)
        let name = "the engine's memory"
        let header = try BoardHeader(reading: memory, magic: BoardLayout.Acknowledgement.magic, name: name)
        guard header.epoch == epoch, header.slots == slotCount else {
            throw .unreadable(path: name, why: "it answers another board")
        }
        attach(memory, header.process)
    }
}

extension BoardReader {
    /// Receives a board from a gateway of another user and answers with this engine's acknowledgement region.
    /// - Parameters:
    ///   - socket: A connected Unix socket.
    ///   - user: The only user to accept a board from.
    public static func receive(
        over socket: Int32,
        fromUser user: UInt32,
        now: BoardTime = .now()
    ) throws(BoardError) -> BoardReader {
        try requirePeer(socket, user)
        let received = loopguard_receive_descriptor(socket, Tag.command)
        guard received >= 0 else { throw .last("receive a board from the gateway") }
        let command = try BoardMemory.sealed(receiving: received)
        let name = "the gateway's memory"
        let board = try BoardHeader(reading: command, magic: BoardLayout.Command.magic, name: name)
        let acknowledgements = try BoardMemory.sealed(name: "loopguard-board-ack", size: command.size)
        acknowledgements.beginAcknowledgements(for: board, now: now)
        guard loopguard_send_descriptor(socket, acknowledgements.descriptor ?? -1, Tag.acknowledgement) == 0 else {
            throw .last("pass the acknowledgements to the gateway")
        }
        return BoardReader(command: command, acknowledgements: acknowledgements, board: board)
    }
}
