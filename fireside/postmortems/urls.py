"""The addresses of what was learned."""

from django.urls import path

from fireside.postmortems import views, views_writing

urlpatterns = [
    path("learn/", views.morgue, name="morgue"),
    path("learn/why/", views.why, name="why_postmortems"),
    path("learn/changes/", views.changes, name="changes"),
    path("learn/<int:number>.md", views.export, name="postmortem_export"),
    path("learn/<int:number>/", views.postmortem, name="postmortem"),
    path("learn/<int:number>/write/", views_writing.writing, name="postmortem_writing"),
    path("learn/<int:number>/write/<slug:kind>/", views_writing.save, name="postmortem_save"),
    path("learn/<int:number>/history/<slug:kind>/", views_writing.history, name="postmortem_history"),
    path("learn/<int:number>/telling/", views_writing.telling, name="telling"),
    path("gentle.json", views.gentle, name="gentle"),
]
