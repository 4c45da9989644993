package tracing

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tokenstate/tokenstate/internal/journal"
)

// Old messages continue no trace: whoever replays a log a week later must not add to the traces of that week.
const old = 10 * time.Minute

// maxLinks is how many messages a batch's span points to.
const maxLinks = 128

// Applied tells of a committed batch: one span of its own, with links to what caused its messages, and in the trace
// of each recent message one span from when the log had it until it was committed.
func Applied(b journal.Batch) {
	if !on.Load() || len(b.Lines) == 0 {
		return
	}
	now := time.Now()
	began := b.Lines[0].Received.Time()
	ctx, span := tracer().Start(context.Background(), "tokenstate.batch", trace.WithTimestamp(began),
		trace.WithAttributes(
			attribute.Int("tokenstate.messages", len(b.Lines)), attribute.Int("tokenstate.parked", len(b.Parked)),
			attribute.Int64("tokenstate.floor", int64(b.To.Seq)), attribute.Bool("tokenstate.replay", now.Sub(began) > old)))
	defer span.End(trace.WithTimestamp(now))
	links := 0
	for _, l := range b.Lines {
		caused := remote(l.Trace)
		if caused.IsValid() && links < maxLinks {
			links++
			span.AddLink(trace.Link{SpanContext: caused})
		}
		if caused.IsSampled() && now.Sub(l.Received.Time()) <= old {
			applied(l, caused, trace.SpanContextFromContext(ctx), now)
		}
	}
}

func applied(l journal.Line, caused, batch trace.SpanContext, now time.Time) {
	_, span := tracer().Start(trace.ContextWithRemoteSpanContext(context.Background(), caused), "tokenstate.apply "+l.Class,
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(l.Received.Time()), trace.WithLinks(trace.Link{SpanContext: batch}),
		trace.WithAttributes(attribute.String("messaging.system", "nats"), attribute.Int64("tokenstate.sequence", int64(l.Seq))))
	span.End(trace.WithTimestamp(now))
}

// remote reads a traceparent; one that is none is not valid.
func remote(traceparent string) trace.SpanContext {
	ctx := w3c.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
	return trace.SpanContextFromContext(ctx)
}
