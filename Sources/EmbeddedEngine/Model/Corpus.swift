/// The text from which the small model learns: about loopguard, in plain English, written for this purpose.
///
/// Each passage ends where the model should learn to end. Phrases recur on purpose, because a table of what follows
/// what can only generalise over words that it has seen in more than one place.
enum Corpus {
    /// Every passage: the chapters and the dialogues.
    static var passages: [String] {
        chapters + dialogues.split(separator: "\n\n").map(String.init)
    }

    /// Prose, one chapter each.
    private static let chapters = [
        """
        Loopguard is a guard that stands between a client and a language model. The client sends a request, \
        the guard passes the request to the engine, and the engine answers with a stream of tokens. The \
        guard reads the stream while it passes, and as long as the stream is healthy the guard changes \
        nothing. When the stream begins to loop, the guard stops the engine and ends the stream in a way \
        that the client can understand. The client gets a legal end, the engine gets its time back, and the \
        operator gets a line that says what happened and why.

        A language model writes one token after another. Every token depends on the tokens before it, and so \
        a model that has begun to repeat itself has a good reason to go on repeating itself. The last \
        sentence makes the same sentence more likely, the same sentence makes the next one more likely \
        still, and after a while nothing else is likely at all. This is a loop. A loop does not end by \
        itself. The model goes on until the limit on tokens is reached, and all the time the engine is busy, \
        the client is waiting, and the next request is waiting behind it.

        Loops are not rare. A small model at a low temperature falls into a loop when the prompt is long, \
        when the prompt is short, when the answer is a list, or when the answer is a table. A large model \
        falls into a loop when it calls a tool and the tool fails, when it calls the tool again and the tool \
        fails again, and when it thinks about why the tool has failed. A loop in the text is easy to see. A \
        loop in the reasoning is hard to see, because most people never read the reasoning. A loop in the \
        tool calls is the worst of all, because each call does something in the world.

        There are three promises. The first promise is that a healthy stream is never harmed. The second \
        promise is that a looping stream always ends. The third promise is that nothing is claimed that was \
        not measured. The first promise is the most important of the three, because a guard that harms a \
        healthy stream is worse than no guard at all.

        The guard does not know what the text means. It knows how often the same thing was said, how far \
        apart, and in what form. That is enough to see a loop, and it is not enough to judge an answer. The \
        guard never judges an answer. It only asks whether the stream is still going somewhere.
        """,
        """
        A stream is a sequence of events. Each event is a line that begins with the word data, followed by a \
        piece of text, followed by an empty line. The piece of text says which choice it belongs to and what \
        was added to it. Most events add one token. The first event of a stream names the role, the last \
        event of a stream names the reason why the stream has ended, and after the last event there comes a \
        line that says that the stream is done.

        A stream may be cut anywhere. The network does not know where an event begins or where an event \
        ends, and so a part of an event may arrive now and the rest of the event may arrive later. The guard \
        waits for the end of the event before it looks at the event, and it passes the event as it came. It \
        does not change a byte that does not have to be changed. The bytes that the client reads are the \
        bytes that the engine wrote.

        A healthy stream passes through the guard at the speed of the network. The guard does not wait for \
        the end of the answer, it does not collect the answer, and it does not write the answer to a file \
        unless someone asks for it. The guard reads each token once, and the time it takes to read a token \
        does not depend on how many tokens came before it. The memory it needs for a stream is bounded, and \
        the bound is known before the stream begins.

        When the client reads slowly, the guard reads slowly as well. It does not store what the client has \
        not read, because a store without a bound is a store that will one day be full. The engine sees that \
        nobody reads, and it waits. A slow client slows down its own stream and no other stream. When the \
        client goes away, the guard notices at once, and the engine is told at once, because a token that \
        nobody reads is a token that nobody needs.

        The end of a stream is the most important part of the stream. A client that never sees the end of a \
        stream does not know whether the answer is complete. Some clients wait for a long time, some clients \
        raise an error, and some clients send the same request again, which starts the same loop again. For \
        this reason the guard always writes an end. It writes the reason, it writes the number of tokens if \
        the client has asked for it, and it writes that the stream is done.
        """,
        """
        A detector is a small machine that reads a stream and looks for one kind of loop. Each detector \
        knows one kind of loop, and it knows it well. A detector has a name, a number of settings, and a \
        mode. The mode says what happens when the detector is sure: it may be off, it may observe, it may \
        warn, or it may stop the stream. A detector that only observes writes a line and changes nothing, \
        and so a new detector can run for a week before anyone has to trust it.

        The first detector looks at the end of the text and asks whether the end of the text is the same \
        piece again and again. It finds the length of the piece, it counts how often the piece was repeated, \
        and it convicts when the piece was repeated often enough. A short piece must be repeated more often \
        than a long piece, because a short piece is often repeated for a good reason. A line of dashes is a \
        short piece that is repeated for a good reason. A table has many short pieces that are repeated for \
        a good reason.

        The second detector looks at lines. It counts how often the same line was written, and it convicts \
        when most of the lines of the last page are the same few lines. The third detector looks at \
        sentences that are almost the same. It makes a small number from each sentence, and two sentences \
        that are almost the same have numbers that are almost the same. The fourth detector asks how much of \
        the text is new. A healthy text always says something new. A looping text says nothing new, and \
        after a while the detector is sure.

        There is a detector for words that stutter, and there is a detector for sentences that count, where \
        each sentence is the same as the sentence before it with a larger number in it. There is a detector \
        for tool calls that have the same name, there is a detector for tool calls that have the same \
        arguments, and there is a detector for tool calls that fail again and again with the same message. \
        There is a detector that counts tokens, because a limit is the simplest guard of all.

        A detector never acts alone. It gives a verdict, and the verdict has evidence. The evidence says \
        where the loop began, how long the piece was, how often the piece was repeated, and what the piece \
        was. The guard takes the verdict, looks at the mode, and acts. If two detectors convict at the same \
        time, the first one wins, and the reason is the reason of the first one.

        The settings of a detector are written in a file of rules. A rule names a detector, a mode, and the \
        numbers that the detector needs. The rules can be tested against recorded streams before they are \
        used. If a rule would stop a healthy stream, the test says so, and the rule is changed before it \
        does any harm.
        """,
        """
        Cancellation is the hard part. It is easy to stop writing to the client, and it is hard to stop the \
        engine. A guard that stops writing to the client and does not stop the engine has gained nothing: \
        the engine goes on, the tokens go nowhere, and the next request waits. For this reason the guard \
        sets a flag. The flag belongs to one sequence, the scheduler of the engine reads the flag at the \
        beginning of each step, and a sequence with a flag is finished in the same way as a sequence that \
        has reached its end.

        The flag is not only a flag. It is a word that holds the reason. The reason is never zero, the first \
        writer wins, and nobody can set the flag without a reason. In this way the question of who stopped \
        the sequence has one answer. The user may have pressed the stop button, the client may have gone \
        away, a detector may have convicted, the time may have run out, or the server may be shutting down. \
        Each of these is a reason, and each reason has a name.

        A cancel and a natural end may come at the same time. One of them wins, and the other one loses, and \
        there is no third way. If the cancel wins, the sequence is cancelled, and the natural end is not \
        reported. If the natural end wins, the sequence is complete, and the cancel is told that it came too \
        late. A cancel that came too late is not an error. A cancel that came twice is not an error. A \
        cancel for a sequence that nobody knows is an error, and the answer says so.

        After the flag is set, the engine may write one more token, because the step may have begun before \
        the flag was set. It never writes two. The number of tokens after a cancel is counted for each \
        sequence, and the sum is shown to the operator. If the number is ever larger than one, something is \
        wrong, and it is better to know it than to hope that it is not so.

        Most engines do not have a flag. They see that the client has gone away, some of them at once, some \
        of them after a second, and some of them only at the end of the prompt. For such an engine the guard \
        uses a ladder. It begins with the flag if there is a flag. It sends a cancel request if the engine \
        knows such a request. It closes the connection. It then looks whether the engine is idle, and if the \
        engine is not idle it says so. The client does not wait for the ladder. The client has its end \
        already.
        """,
        """
        The engine has a scheduler, and the scheduler has a thread of its own. The scheduler takes requests \
        from a queue, and the queue has a bound. When the queue is full, the answer is that the server is \
        busy, and the client may try again later. When the queue is not full, the request waits for a slot. \
        A request in a slot is an active sequence. The scheduler reads the prompt of a new sequence in small \
        pieces, so that a long prompt does not stop the other sequences, and after each piece it reads the \
        flag.

        In each step the scheduler gives every active sequence one token. This is called a batch. A batch is \
        good for the engine, because the weights of the model are read once for all sequences, and it is \
        good for the clients, because nobody has to wait for the end of another answer. A new sequence can \
        join the batch at any step, and a sequence that has reached its end leaves the batch at once. The \
        tokens that a sequence gets in a batch are the tokens that it would get alone.

        Each sequence has a small buffer for its tokens. When the buffer is full, the sequence is left out \
        of the batch until the client has read something. The other sequences go on. When the flag of a \
        sequence is set, the sequence is finished at the beginning of the next step, whether the buffer is \
        full or not. A sequence with a flag never waits for anyone.

        The model of the small engine is not a large model. It is a table of the words that follow other \
        words. For each place in the text the model looks at the last words, it finds all the places in its \
        text where the same words were written, and it takes one of the words that came next. When the last \
        words were not seen often enough, it looks at fewer words. At temperature zero it always takes the \
        word that came next most often, and for this reason it falls into a loop sooner or later. At a \
        higher temperature it takes one of the words at random, and for this reason it wanders and does not \
        fall into a loop so soon.

        The small engine is there so that the guard can be tried without a large model, without a graphics \
        card, and without a network. It starts in less than a second, and it needs a few megabytes of \
        memory. What it writes is not always true, and it is not always sense, but it is a real stream from \
        a real scheduler, and when it loops the loop is a real loop.
        """,
        """
        A recording is a stream that was written to a file. It holds the bytes of the stream, and it holds \
        the time at which each piece of the stream arrived. A recording can be replayed, and when a \
        recording is replayed the guard reads the same bytes in the same order and gives the same verdict. \
        There is no clock in the guard and there is no chance in the guard. The same bytes always give the \
        same verdict.

        A replay shows what the guard would have done. It shows for each recording whether the stream would \
        have passed, where the guard would have warned, where the guard would have stopped the stream, and \
        how many bytes would have been saved. A set of healthy recordings is the best test of a rule, \
        because a rule that stops a healthy recording is a bad rule. A set of looping recordings is the \
        second best test of a rule, because a rule that does not stop a looping recording is not a useful \
        rule.

        The operator sees the guard at work. There is a page that shows the streams that are running, the \
        streams that have ended, and the reason why each stream has ended. There is a button that stops a \
        stream. There is a button that stops a stream and all the streams that were started by it, because \
        an agent that calls a model may start another agent, and the other agent may start another one. When \
        the first agent is stopped and the second agent is not stopped, the engine is still busy, and nobody \
        knows why.

        The numbers that the guard shows are counted and not guessed. It counts the streams, the tokens, the \
        verdicts, the cancels, the tokens that came after a cancel, and the time from the verdict to the end \
        of the stream. A number that was not measured is not shown. A number that was measured once is shown \
        with the place and the time at which it was measured.

        The guard is written in small rooms. A room does one thing, it has a door, and it does not know what \
        happens in the rooms above it. The room that reads events does not know what a detector is. The room \
        that holds the detectors does not know what a socket is. The room that ends a stream does not know \
        why the stream has to end. In this way each room can be read in an hour, tested in a second, and \
        changed without fear.

        When something is wrong, the guard gets out of the way. A frame that it cannot read is passed as it \
        is. A detector that is not sure says nothing. A rule that cannot be read is named with its line and \
        its column, and the guard does not start with half of the rules. It is better to say what is wrong \
        at the start than to be silent and wrong for a week.
        """,
    ]

    /// Questions and answers, separated by empty lines.
    private static let dialogues = """
        User: What is loopguard?
        Assistant: Loopguard is a guard that stands between a client and a language model. It reads the \
        stream of tokens, it sees when the stream begins to loop, and it stops the engine and ends the \
        stream with a reason.

        User: What is a loop?
        Assistant: A loop is a piece of text that a model writes again and again. The model goes on until \
        the limit on tokens is reached, because the same sentence makes the same sentence more likely.

        User: Why does a model fall into a loop?
        Assistant: A model falls into a loop because every token depends on the tokens before it. When the \
        model has written the same sentence twice, the same sentence is the most likely sentence, and so the \
        model writes it again.

        User: How does the guard see a loop?
        Assistant: The guard has detectors. Each detector looks for one kind of loop, and when a detector is \
        sure it gives a verdict. The verdict has evidence, and the evidence says where the loop began and \
        how often the piece was repeated.

        User: What is a detector?
        Assistant: A detector is a small machine that reads a stream and looks for one kind of loop. It has \
        a name, a mode, and a number of settings.

        User: What happens when a detector is sure?
        Assistant: The guard looks at the mode of the detector. If the mode is observe, the guard writes a \
        line and changes nothing. If the mode is stop, the guard sets the flag, ends the stream, and says \
        why.

        User: Does the guard change a healthy stream?
        Assistant: The guard does not change a healthy stream. The bytes that the client reads are the bytes \
        that the engine wrote, and the guard does not change a byte that does not have to be changed.

        User: What is the cancel flag?
        Assistant: The flag is a word that holds the reason. It belongs to one sequence, the scheduler reads \
        the flag at the beginning of each step, and a sequence with a flag is finished in the same way as a \
        sequence that has reached its end.

        User: What happens when the client goes away?
        Assistant: When the client goes away, the guard notices at once, the flag is set, and the engine \
        stops. The engine may write one more token, and it never writes two.

        User: How does the stream end?
        Assistant: The stream ends with a last event that names the reason, and after the last event there \
        comes a line that says that the stream is done. The client gets a legal end.

        User: Why does the guard say length and not stop?
        Assistant: The guard says length because most clients know the word. A client that reads stop thinks \
        that the answer is complete, and a client that reads a word that it does not know may raise an \
        error.

        User: What is a stream?
        Assistant: A stream is a sequence of events. Each event is a line that begins with the word data, \
        and most events add one token. The last event of a stream names the reason why the stream has ended.

        User: What is the scheduler?
        Assistant: The scheduler is the part of the engine that gives every active sequence one token in \
        each step. It takes requests from a queue, it reads the prompt in small pieces, and it reads the \
        flag at the beginning of each step.

        User: What happens when the queue is full?
        Assistant: When the queue is full, the answer is that the server is busy. The client may try again \
        later, and nothing is lost.

        User: What is a slow reader?
        Assistant: A slow reader is a client that reads slowly. Each sequence has a small buffer for its \
        tokens, and when the buffer is full the sequence is left out of the batch. The other sequences go \
        on.

        User: What is a rule?
        Assistant: A rule names a detector, a mode, and the numbers that the detector needs. The rules can \
        be tested against recorded streams before they are used.

        User: What is a recording?
        Assistant: A recording is a stream that was written to a file. A recording can be replayed, and when \
        it is replayed the guard gives the same verdict, because the same bytes always give the same \
        verdict.

        User: Can a tool call loop?
        Assistant: A tool call can loop, and a loop in the tool calls is the worst of all. The model calls a \
        tool, the tool fails, and the model calls the tool again with the same arguments. There is a \
        detector for tool calls that fail again and again with the same message.

        User: Who can stop a stream?
        Assistant: The user can stop a stream, the operator can stop a stream, and a detector can stop a \
        stream. The first writer wins, and the reason is the reason of the first one.

        User: Is the text of the small engine always true?
        Assistant: The text of the small engine is not always true. The model is a table of the words that \
        follow other words, and at temperature zero it falls into a loop sooner or later.

        User: How many tokens come after a cancel?
        Assistant: After the flag is set the engine may write one more token, because the step may have \
        begun before the flag was set. The number of tokens after a cancel is counted for each sequence.

        User: Tell me about streams.
        Assistant: A stream is a sequence of events, and a healthy stream passes through the guard at the \
        speed of the network. The guard reads each token once, and the memory it needs for a stream is \
        bounded.

        User: Tell me about cancellation.
        Assistant: Cancellation is the hard part. It is easy to stop writing to the client, and it is hard \
        to stop the engine. For this reason the guard sets a flag, and the scheduler reads the flag at the \
        beginning of each step.

        User: Tell me about detectors.
        Assistant: There are many detectors. There is a detector for words that stutter, there is a detector \
        for sentences that count, there is a detector for tool calls that have the same arguments, and there \
        is a detector that counts tokens.

        User: Where do I begin?
        Assistant: Begin with the small engine. It starts in less than a second, and it needs a few \
        megabytes of memory. Send a request at temperature zero, and look how the guard ends the stream.

        User: What is a healthy stream?
        Assistant: A healthy stream is a stream that is still going somewhere. It says something new, it \
        ends by itself, and the guard does not change a byte of it.

        User: Why is a loop bad?
        Assistant: A loop is bad because the engine is busy, the client is waiting, and the next request is \
        waiting behind it. A loop in the tool calls is worse, because each call does something in the world.

        User: Can I trust the numbers?
        Assistant: The numbers that the guard shows are counted and not guessed. A number that was not \
        measured is not shown.
        """
}
