import CZstd

/// Frames of zstd (RFC 8878), each with a checksum, each to be read by itself.
final class FrameCompressor {
    private let context: OpaquePointer

    init(level: Int32 = 3) {
        guard let context = ZSTD_createCCtx() else { fatalError("zstd has no memory for a context") }
        self.context = context
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    /// The bytes as one frame.
    func frame(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            // The output has room for the worst case, so this cannot fail.
            count = bytes.withUnsafeBytes { input in
                ZSTD_compress2(context, output.baseAddress, output.count, input.baseAddress, input.count)
            }
            precondition(ZSTD_isError(count) == 0, "zstd could not compress a frame")
        }
    }
}

/// Reads frames of zstd out of a buffer that holds many.
final class FrameDecompressor {
    private let context: OpaquePointer

    /// The longest content of a frame that is read. A gateway writes frames of a megabyte or so.
    static let longest = 1 << 30

    init() {
        guard let context = ZSTD_createDCtx() else { fatalError("zstd has no memory for a context") }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// What stands at a place in the buffer.
    enum Frame {
        /// A whole frame whose checksum holds.
        case whole(length: Int, content: [UInt8])
        /// The buffer ends before the frame does.
        case torn
        /// No frame, or one that was damaged.
        case damaged(String)
    }

    func frame(in buffer: UnsafeRawBufferPointer) -> Frame {
        let length = ZSTD_findFrameCompressedSize(buffer.baseAddress, buffer.count)
        guard ZSTD_isError(length) == 0 else {
            let isShort = ZSTD_getErrorCode(length) == ZSTD_error_srcSize_wrong
            return isShort ? .torn : .damaged(Self.message(length))
        }
        ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
        var input = ZSTD_inBuffer(src: buffer.baseAddress, size: length, pos: 0)
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: ZSTD_DStreamOutSize())
        while true {
            let (status, written) = piece.withUnsafeMutableBytes { piece in
                var output = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
                let status = ZSTD_decompressStream(context, &output, &input)
                return (status, output.pos)
            }
            guard ZSTD_isError(status) == 0 else { return .damaged(Self.message(status)) }
            content.append(contentsOf: piece[..<written])
            if status == 0 { return .whole(length: length, content: content) }
            if content.count > Self.longest { return .damaged("a frame of more than \(Self.longest) bytes") }
            // All of the frame is there: without progress it never ends.
            if written == 0, input.pos == input.size { return .damaged("a frame without an end") }
        }
    }

    private static func message(_ code: Int) -> String { String(cString: ZSTD_getErrorName(code)) }

    /// How every frame begins.
    static let magic: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]
}
