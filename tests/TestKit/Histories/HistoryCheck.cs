using RenderFarm.Shared;

namespace RenderFarm.TestKit.Histories;

/// <summary>
/// Checks a history against what the database holds in the end: every frame of a finished job was committed exactly once, by an attempt that
/// held it and while no other did, fences grow, nothing happens to a job that is over, and every worker was told the truth about what it reported.
/// A job's events are put in the order of its version, which grows under the job's lock: that order is the one in which they took effect.
/// </summary>
/// <param name="events">Of all coordinators.</param>
/// <param name="rows">What the database holds.</param>
/// <param name="mayHaveGaps">A coordinator was killed and may have missed the lines of its last transactions: what is absent from the history proves nothing then.</param>
public sealed class HistoryCheck(IReadOnlyList<HistoryEvent> events, FinalRows rows, bool mayHaveGaps)
{
    private readonly List<string> _violations = [];

    /// <summary>Everything that is wrong; empty when the history holds.</summary>
    public IReadOnlyList<string> Violations()
    {
        var ofJob = events.ToLookup(x => x.Job);
        var frames = rows.Frames.ToLookup(x => x.Job);
        foreach (var job in rows.Jobs)
        {
            var final = frames[job.Id].ToDictionary(x => x.Index);
            var inOrder = ofJob[job.Id].Where(x => x.Version is not null).OrderBy(x => x.Version).ThenBy(x => Rank(x.Event)).ToList();
            CheckEnd(job, final);
            CheckOrder(job, inOrder);
            CheckCommits(job, inOrder, final);
            CheckAnswers(ofJob[job.Id].Where(x => x.Event == "answer"), final);
        }

        foreach (var job in ofJob.Select(x => x.Key).Except(rows.Jobs.Select(x => x.Id)))
        {
            Violation(job, "is in the history and not in the database");
        }

        return _violations;
    }

    // Of one transaction: a commit comes before the end of its lease, and a job is over last.
    private static int Rank(string name) => Array.IndexOf(["submit", "commit", "fail", "quarantine", "end", "offer", "over"], name);

    private void CheckEnd(FinalJob job, Dictionary<long, FinalFrame> final)
    {
        if (job.State is JobState.Completed or JobState.Failed)
        {
            for (var index = 0L; index < job.FrameCount; index++)
            {
                if (!final.TryGetValue(index, out var frame) || frame.State is not (FrameState.Rendered or FrameState.Failed))
                {
                    Violation(job.Id, $"is {job.State} and its frame {index} is lost: {frame?.State.ToString() ?? "no row"}");
                }
            }
        }
    }

    private void CheckOrder(FinalJob job, List<HistoryEvent> inOrder)
    {
        var (fence, over) = (-1L, (HistoryEvent?)null);
        if (!mayHaveGaps && !inOrder.Exists(x => x.Event == "submit"))
        {
            Violation(job.Id, "was never submitted");
        }

        foreach (var happened in inOrder)
        {
            if (happened.Event is "offer" or "commit" or "fail" or "quarantine" && over is not null && happened.Version > over.Version)
            {
                Violation(job.Id, $"was {over.State} at version {over.Version} and has a later {happened.Event} at version {happened.Version}");
            }

            if (happened.Event == "offer")
            {
                if (happened.Fence <= fence)
                {
                    Violation(job.Id, $"offers fence {happened.Fence} after fence {fence}");
                }

                fence = happened.Fence ?? fence;
            }

            over ??= happened.Event == "over" ? happened : null;
        }
    }

    private void CheckCommits(FinalJob job, List<HistoryEvent> inOrder, Dictionary<long, FinalFrame> final)
    {
        var (held, committed, ever) = (new Dictionary<long, Guid>(), new Dictionary<long, Guid>(), new HashSet<(long, Guid)>());
        var offers = new Dictionary<Guid, HistoryEvent>();
        foreach (var happened in inOrder)
        {
            var attempt = happened.Attempt.GetValueOrDefault();
            switch (happened.Event)
            {
                case "offer":
                    offers[attempt] = happened;
                    foreach (var index in FramesOf(happened))
                    {
                        if (!mayHaveGaps && held.TryGetValue(index, out var other))
                        {
                            Violation(job.Id, $"frame {index} is offered to attempt {attempt} while attempt {other} holds it");
                        }

                        if (committed.ContainsKey(index))
                        {
                            Violation(job.Id, $"frame {index} is offered to attempt {attempt} after it was committed");
                        }

                        held[index] = attempt;
                        ever.Add((index, attempt));
                    }

                    break;
                case "end":
                    foreach (var index in offers.TryGetValue(attempt, out var offer) ? FramesOf(offer) : [])
                    {
                        if (held.TryGetValue(index, out var holder) && holder == attempt)
                        {
                            held.Remove(index);
                        }
                    }

                    break;
                case "commit":
                    CheckCommit(job, happened, held, ever, committed);
                    break;
            }
        }

        CheckAgainstRows(job, committed, final);
    }

    private void CheckCommit(FinalJob job, HistoryEvent commit, Dictionary<long, Guid> held, HashSet<(long, Guid)> ever, Dictionary<long, Guid> committed)
    {
        var attempt = commit.Attempt.GetValueOrDefault();
        foreach (var index in commit.Frames)
        {
            if (committed.TryGetValue(index, out var before))
            {
                Violation(job.Id, $"frame {index} is committed twice: by attempt {before}, then by attempt {attempt}");
            }

            // A lease that ran out may still commit what nobody holds now.
            if (!mayHaveGaps && held.TryGetValue(index, out var holder) && holder != attempt)
            {
                Violation(job.Id, $"frame {index} is committed by attempt {attempt} while attempt {holder} holds it");
            }

            if (!mayHaveGaps && !ever.Contains((index, attempt)))
            {
                Violation(job.Id, $"frame {index} is committed by attempt {attempt}, which never held it");
            }

            committed[index] = attempt;
        }
    }

    private void CheckAgainstRows(FinalJob job, Dictionary<long, Guid> committed, Dictionary<long, FinalFrame> final)
    {
        foreach (var (index, attempt) in committed)
        {
            if (!final.TryGetValue(index, out var frame) || frame.State != FrameState.Rendered || frame.Attempt != attempt)
            {
                Violation(job.Id, $"frame {index} was committed by attempt {attempt} and is {(frame is null ? "gone" : $"{frame.State} by attempt {frame.Attempt}")} in the end");
            }
        }

        foreach (var frame in final.Values.Where(x => x.State == FrameState.Rendered && !mayHaveGaps && !committed.ContainsKey(x.Index)))
        {
            Violation(job.Id, $"frame {frame.Index} is rendered by attempt {frame.Attempt} and was never committed");
        }
    }

    private void CheckAnswers(IEnumerable<HistoryEvent> answers, Dictionary<long, FinalFrame> final)
    {
        foreach (var answer in answers)
        {
            bool IsResult(long index) => final.TryGetValue(index, out var frame) && frame.State == FrameState.Rendered && frame.Attempt == answer.Attempt;
            foreach (var index in answer.Frames.Where(x => !IsResult(x)))
            {
                Violation(answer.Job, $"attempt {answer.Attempt} was told that its frame {index} is committed, and it is not the result");
            }

            // A worker that is refused deletes its picture.
            foreach (var index in answer.Refused.Where(IsResult))
            {
                Violation(answer.Job, $"attempt {answer.Attempt} was refused its frame {index}, and it is the result");
            }
        }
    }

    private static IEnumerable<long> FramesOf(HistoryEvent offer)
    {
        for (var index = offer.First.GetValueOrDefault(); index < offer.First.GetValueOrDefault() + offer.Count.GetValueOrDefault(); index++)
        {
            yield return index;
        }
    }

    private void Violation(Guid job, string what) => _violations.Add($"Job {job}: {what}.");
}
