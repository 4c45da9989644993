package io.tokenstate.listener;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class NatsLinkTest {
    private static final Message M = new Message("0f0f0f0f/l", "tokenstate.v1.demo.event.LOGOUT", new byte[3], List.of(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");

    private FakeNats nats;
    private NatsLink link;
    private Loop loop;

    @BeforeEach
    void connect() throws IOException, InterruptedException {
        nats = new FakeNats(null);
        Options o = new Options(Map.of("nats-url", "nats://127.0.0.1:" + nats.port(), "node", "kc-1")::get);
        link = new NatsLink(new NatsOptions(o), new Complaints());
        assertEquals(Reply.Outcome.UNKNOWN, link.publish(M, 10).join().outcome(), "not connected");
        loop = new Loop("test", new Complaints(), link::run);
        loop.start();
        while (!link.connected()) {
            link.awaitChange(1_000);
        }
    }

    @AfterEach
    void close() throws IOException {
        loop.stop();
        link.close();
        nats.close();
    }

    /** Without these, a retry is stored twice, and a stream of somebody else's is taken for the log. */
    @Test
    void namesTheMessageAndTheStream() throws InterruptedException {
        assertEquals(Reply.Outcome.STORED, link.publish(M, 10_000).join().outcome());
        String published = FakeNats.await(nats.published);
        assertTrue(published.startsWith(M.subject() + "\n"), published);
        assertTrue(published.contains("Nats-Msg-Id:0f0f0f0f/l"), published);
        assertTrue(published.contains("Nats-Expected-Stream:TOKENSTATE"), published);
        assertTrue(published.contains("traceparent:" + M.trace()), published);
    }

    @Test
    void anotherStreamsWordDoesNotCount() {
        nats.answer = subject -> "{\"stream\":\"OTHER\",\"seq\":7}";
        assertEquals(Reply.Outcome.UNKNOWN, link.publish(M, 10_000).join().outcome());
    }

    @Test
    void waitsForNoAnswerLongerThanTold() {
        nats.answer = subject -> null;
        assertEquals(Reply.Outcome.UNKNOWN, link.publish(M, 50).join().outcome());
    }

    @Test
    void severalAreOnTheirWayAtOnce() throws InterruptedException {
        nats.answer = subject -> null;
        List<CompletableFuture<Reply>> flights = List.of(link.publish(M, 60_000), link.publish(M, 60_000));
        FakeNats.await(nats.published);
        FakeNats.await(nats.published);
        assertTrue(flights.stream().noneMatch(CompletableFuture::isDone));
    }

    @Test
    void whatIsLargerThanNatsTakesIsNotSent() {
        Message large = new Message("0f0f0f0f/l", M.subject(), new byte[131_072], List.of(), null);
        assertEquals(Reply.Outcome.TOO_LARGE, link.publish(large, 10_000).join().outcome());
        assertTrue(nats.published.isEmpty());
    }

    @Test
    void comesBackAndTells() throws Exception {
        Semaphore changes = new Semaphore(0);
        link.onChange(changes::release);
        FakeNats.await(nats.connects);
        nats.cut();
        FakeNats.await(nats.connects);
        changes.acquire();
        while (!link.connected()) {
            changes.acquire();
        }
        assertEquals(Reply.Outcome.STORED, link.publish(M, 10_000).join().outcome());
    }
}
