using System.Net;

namespace RenderFarm.TestKit.Farms;

/// <summary>When a process of the farm answers.</summary>
internal static class Ready
{
    /// <summary>Waits for a 200 of <c>/readyz</c>; fails at once when the process ends.</summary>
    public static async Task WaitAsync(Uri address, FarmProcess process, TimeSpan within, Func<string> explain, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = address };
        await Eventually.IsAsync(
            async () =>
            {
                if (process.HasExited)
                {
                    throw new InvalidOperationException("The process has ended.");
                }

                using var response = await http.GetAsync(new Uri("readyz", UriKind.Relative), cancellationToken);
                return response.StatusCode;
            },
            status => status == HttpStatusCode.OK, within, explain, cancellationToken);
    }
}
