package dev.outrun.connector.publish;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outrun.schema.run.RunId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class RunProducersTest {

    private static final int TOPICS = 8;

    private static final Duration REST = Duration.ofMillis(4);

    private final List<MockProducer<byte[], byte[]>> made = new ArrayList<>();
    private final RunProducers producers = new RunProducers(this::make, TOPICS, REST);
    private final ExpectedSeqs runs = new ExpectedSeqs(1_000);
    private int met;

    @Test
    void runs_areOfTheLatest_andStayWithIt() {
        // Given
        List<ExpectedSeqs.Entry> elder = meet(TOPICS);
        assertTrue(producers.isFull());

        // When
        producers.next();
        List<ExpectedSeqs.Entry> younger = meet(TOPICS - 1);

        // Then
        assertEquals(2, made.size());
        elder.forEach(run -> assertSame(made.get(0), producers.of(run)));
        younger.forEach(run -> assertSame(made.get(1), producers.of(run)));
        assertFalse(producers.isFull());
    }

    @Test
    void elderOne_hardlyUsed_isClosed_andItsRunsGoOnWithTheLatest() {
        // Given
        List<ExpectedSeqs.Entry> elder = meet(TOPICS);
        producers.next();
        List<ExpectedSeqs.Entry> younger = meet(TOPICS);
        use(elder.subList(0, 2));

        // When
        producers.next();

        // Then
        assertTrue(made.get(0).closed());
        assertFalse(made.get(1).closed());
        assertSame(made.get(2), producers.of(elder.getFirst()));
        assertSame(made.get(1), producers.of(younger.getFirst()));
    }

    @Test
    void runThatGoesOnWithTheLatest_takesOneOfItsPlaces() {
        // Given
        List<ExpectedSeqs.Entry> elder = meet(TOPICS);
        producers.next();
        meet(TOPICS);
        producers.next();

        // When
        use(elder);

        // Then
        assertTrue(producers.isFull());
        producers.next();
        elder.forEach(run -> assertSame(made.get(2), producers.of(run)));
    }

    @Test
    void elderOne_inUse_stays_andTheNextHasRoomForAsMany() {
        // Given
        List<ExpectedSeqs.Entry> all = new ArrayList<>(meet(TOPICS));
        for (int i = 0; i < 2; i++) {
            producers.next();
            all.addAll(meet(TOPICS));
            use(all);
        }

        // When
        producers.next();

        // Then
        made.forEach(producer -> assertFalse(producer.closed()));
        meet(2 * TOPICS - 1);
        assertFalse(producers.isFull());
        meet(1);
        assertTrue(producers.isFull());
    }

    @Test
    void useBeforeThePreviousOneBegan_countsNoMore() {
        // Given
        List<ExpectedSeqs.Entry> elder = meet(TOPICS);
        producers.next();
        meet(TOPICS);
        use(elder);
        producers.next();
        assertFalse(made.get(0).closed());

        // When
        meet(TOPICS);
        producers.next();

        // Then
        assertTrue(made.get(0).closed());
        assertTrue(made.get(1).closed());
        assertFalse(made.get(2).closed());
    }

    @Test
    void renewed_closesAll_andGoesOnWithAnother() {
        // Given
        List<ExpectedSeqs.Entry> elder = meet(TOPICS);
        producers.next();
        List<ExpectedSeqs.Entry> younger = meet(1);

        // When
        producers.renew();

        // Then
        assertTrue(made.get(0).closed());
        assertTrue(made.get(1).closed());
        assertSame(made.get(2), producers.of(elder.getFirst()));
        assertSame(made.get(2), producers.of(younger.getFirst()));
    }

    @Test
    void runForgottenAndMetAgain_isOfTheLatest() {
        // Given
        ExpectedSeqs.Entry first = meet(TOPICS).getFirst();
        Producer<byte[], byte[]> before = producers.of(first);
        producers.next();

        // When
        ExpectedSeqs.Entry again = runs.put(first.run, first.topic, 1);

        // Then
        assertNotSame(before, producers.of(again));
    }

    @Test
    void topicsLearned_areAllButThoseThatBrokersHaveNotHeardOf() throws Exception {
        // Given
        meet(TOPICS);
        producers.next();
        made.get(0).partitionsForException = new TimeoutException("the elder one is not asked");

        // When
        Set<String> unknown = producers.learn(Set.of("a", "b"));

        // Then
        assertEquals(Set.of(), unknown);

        // When
        made.get(1).partitionsForException = new TimeoutException("not yet");

        // Then
        assertEquals(Set.of("a", "b"), producers.learn(Set.of("a", "b")));
    }

    @Test
    void rest_isLongerTheMoreTopicsAllOfThemKnow_upTo20Milliseconds() {
        // Given
        meet(100);
        assertEquals(REST, producers.rest());

        // When
        meet(50);
        producers.next();
        meet(100);

        // Then
        assertEquals(Duration.ofMillis(10), producers.rest());
        meet(1_000);
        assertEquals(Duration.ofMillis(20), producers.rest());
    }

    @Test
    void flush_isOfAll() {
        // Given
        List<Future<RecordMetadata>> sent = new ArrayList<>();
        meet(TOPICS).forEach(run -> sent.add(send(run)));
        producers.next();
        meet(1).forEach(run -> sent.add(send(run)));
        sent.forEach(record -> assertFalse(record.isDone()));

        // When
        producers.flush();

        // Then
        sent.forEach(record -> assertTrue(record.isDone()));
    }

    @Test
    void close_isOfAll_andOfOneMadeLater() {
        // Given
        meet(TOPICS);
        producers.next();

        // When
        producers.close(Duration.ZERO);
        producers.next();

        // Then
        assertTrue(producers.isClosed());
        assertEquals(3, made.size());
        made.forEach(producer -> assertTrue(producer.closed()));
    }

    private List<ExpectedSeqs.Entry> meet(int count) {
        List<ExpectedSeqs.Entry> entries = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            met++;
            RunId run = new RunId(new UUID(0, met));
            entries.add(runs.put(run, "run-" + met, 0));
        }
        use(entries);
        return entries;
    }

    private void use(List<ExpectedSeqs.Entry> entries) {
        entries.forEach(producers::of);
    }

    private Future<RecordMetadata> send(ExpectedSeqs.Entry entry) {
        return producers.of(entry).send(new ProducerRecord<>(entry.topic, new byte[1]));
    }

    private Producer<byte[], byte[]> make(int number) {
        assertEquals(made.size() + 1, number);
        MockProducer<byte[], byte[]> producer =
                new MockProducer<>(
                        false, null, new ByteArraySerializer(), new ByteArraySerializer());
        made.add(producer);
        return producer;
    }
}
