package chart

import (
	"fmt"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	podoptions "k8s.io/kubernetes/pkg/api/pod"
	"k8s.io/kubernetes/pkg/apis/apps"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	appsvalidation "k8s.io/kubernetes/pkg/apis/apps/validation"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	autoscalingvalidation "k8s.io/kubernetes/pkg/apis/autoscaling/validation"
	"k8s.io/kubernetes/pkg/apis/batch"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
	"k8s.io/kubernetes/pkg/apis/networking"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	networkingvalidation "k8s.io/kubernetes/pkg/apis/networking/validation"
	"k8s.io/kubernetes/pkg/apis/policy"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	policyvalidation "k8s.io/kubernetes/pkg/apis/policy/validation"
	"sigs.k8s.io/yaml"
)

// Ensure an API server would take every manifest: unknown and repeated members are refused while it is read, and it has
// then to pass the server's own defaults and rules, which know more than any schema.
func TestKubernetesTakesIt(t *testing.T) {
	for file, values := range read(t) {
		for _, o := range objects(t, values) {
			if err := take(o); err != nil {
				t.Errorf("%s: %s: %v\n%s", file, o, err, o.text)
			}
		}
	}
}

// Ensure the check is none that takes everything.
func TestKubernetesRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"an unknown member":  "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\ndatum: {}\n",
		"a name in capitals": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A, namespace: b}\n",
		"a selector of others": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: b}\nspec: {selector: {matchLabels: {a: b}}, " +
			"template: {metadata: {labels: {a: c}}, spec: {containers: [{name: a, image: b}]}}}\n",
		"an unknown member of a PodMonitor": "apiVersion: monitoring.coreos.com/v1\nkind: PodMonitor\nspec: {selectors: {}}\n",
		"a kind that nobody knows":          "apiVersion: v1\nkind: Nothing\n",
	} {
		var o object
		if err := yaml.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		o.text = []byte(text)
		if take(o) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func take(o object) error {
	switch o.Kind { // of the Prometheus Operator, whose types are all that there is without its webhook
	case "PodMonitor":
		return yaml.UnmarshalStrict(o.text, &monitoring.PodMonitor{})
	case "PrometheusRule":
		return yaml.UnmarshalStrict(o.text, &monitoring.PrometheusRule{})
	}
	decoded, err := decode(o)
	if err != nil {
		return err
	}
	return validate(decoded).ToAggregate()
}

// decode gives the object as the server has it inside, with its defaults.
func decode(o object) (runtime.Object, error) {
	strict := serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict)
	return runtime.Decode(strict.UniversalDecoder(), o.text)
}

func validate(o runtime.Object) field.ErrorList {
	switch o := o.(type) {
	case *apps.Deployment:
		return appsvalidation.ValidateDeployment(o, podoptions.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *apps.StatefulSet:
		return appsvalidation.ValidateStatefulSet(o, appsvalidation.StatefulSetValidationOptions{}, podoptions.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil))
	case *batch.Job:
		manual := true // the server makes a selector while it stores the Job
		o.Spec.ManualSelector, o.Spec.Selector = &manual, selectorOf(o.Spec.Template.Labels)
		return batchvalidation.ValidateJobCreate(o, batchvalidation.JobValidationOptions{PodValidationOptions: podoptions.GetValidationOptionsFromPodTemplate(&o.Spec.Template, nil)})
	case *core.Pod:
		return corevalidation.ValidatePodCreate(o, podoptions.GetValidationOptionsFromPodSpecAndMeta(&o.Spec, nil, &o.ObjectMeta, nil))
	case *core.Service:
		if o.Spec.ClusterIP != "" { // the server repeats it
			o.Spec.ClusterIPs = []string{o.Spec.ClusterIP}
		}
		return corevalidation.ValidateServiceCreate(o)
	case *core.ConfigMap:
		return corevalidation.ValidateConfigMap(o)
	case *networking.NetworkPolicy:
		return networkingvalidation.ValidateNetworkPolicy(o, networkingvalidation.NetworkPolicyValidationOptions{})
	case *policy.PodDisruptionBudget:
		return policyvalidation.ValidatePodDisruptionBudget(o, policyvalidation.PodDisruptionBudgetValidationOptions{})
	case *autoscaling.HorizontalPodAutoscaler:
		return autoscalingvalidation.ValidateHorizontalPodAutoscaler(o, autoscalingvalidation.HorizontalPodAutoscalerSpecValidationOptions{MinReplicasLowerBound: 1})
	default:
		return field.ErrorList{field.Invalid(nil, fmt.Sprintf("%T", o), "this test validates no such kind: add it")}
	}
}
