using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>The inside of one step of <see cref="DpmSolver"/>: eps at its start, and how eps differs at the inner level asked last.</summary>
internal sealed class DpmSolverStages(SamplerRun run)
{
    private const double R2 = 2.0 / 3;

    private readonly float[] _eps = run.NewBuffer();
    private readonly float[] _change = run.NewBuffer();
    private double _from;
    private double _r1;

    /// <summary>x at the inner level, and free between steps.</summary>
    public float[] Room { get; } = run.NewBuffer();

    /// <summary>The inner level.</summary>
    public double Sigma { get; private set; }

    public void Begin(double from)
    {
        _from = from;
        LinearStep.Slope(run.X, run.Denoised, from, _eps);
    }

    /// <summary>Goes to sigma_1, the share r1 of the way in log sigma.</summary>
    public Evaluation First(double to, double r1, int step)
    {
        _r1 = r1;
        GoTo(to, r1);
        return run.Evaluate(Room, Sigma, step);
    }

    /// <summary>Goes to sigma_2: x - (sigma - sigma_2) eps - sigma_2 r2 / r1 ((exp(r2 h) - 1) / (r2 h) - 1) (eps_1 - eps).</summary>
    public Evaluation Second(double to, int step)
    {
        GoTo(to, R2);
        LinearStep.Add(Room, _change, -Sigma * R2 / _r1 * Curvature(Math.Log(_from / Sigma)));
        return run.Evaluate(Room, Sigma, step);
    }

    /// <summary>Takes the answer at the inner level.</summary>
    public void End()
    {
        LinearStep.Slope(Room, run.Denoised, Sigma, _change);
        TensorPrimitives.Subtract(_change, _eps, _change);
    }

    /// <summary>Takes x, which is at the step's start, to its end.</summary>
    public void Step(double to, int order, float[] x)
    {
        LinearStep.Add(x, _eps, to - _from);
        if (order > 1)
        {
            var weight = order == 2 ? (_from - to) / (2 * _r1) : to / R2 * Curvature(Math.Log(_from / to));
            LinearStep.Add(x, _change, -weight);
        }
    }

    private static double Curvature(double h) => ((Math.Exp(h) - 1) / h) - 1;

    private void GoTo(double to, double share)
    {
        Sigma = _from * Math.Pow(to / _from, share);
        TensorPrimitives.MultiplyAdd(_eps, (float)(Sigma - _from), run.X, Room);
    }
}
